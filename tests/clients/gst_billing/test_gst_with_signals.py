"""GST billing with cacheops' own invalidation beside uncache's."""

import billing_cases
from billing_cases import Cases  # noqa: F401
from system import main

billing_cases.with_signals = True

if __name__ == "__main__":
    main()
