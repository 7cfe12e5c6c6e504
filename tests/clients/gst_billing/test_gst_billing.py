"""GST billing with cacheops' own invalidation switched off."""

import billing_cases
import lab
from billing_cases import Cases  # noqa: F401

billing_cases.with_signals = False

if __name__ == "__main__":
    lab.main()
