"""GST billing with cacheops' own invalidation switched off."""

import billing_cases
from billing_cases import Cases  # noqa: F401
from system import main

billing_cases.with_signals = False

if __name__ == "__main__":
    main()
