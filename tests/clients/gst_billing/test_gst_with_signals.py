"""GST billing with cacheops' own invalidation beside uncache's."""

import billing_cases
import lab
from billing_cases import Cases  # noqa: F401

billing_cases.with_signals = True

if __name__ == "__main__":
    lab.main()
