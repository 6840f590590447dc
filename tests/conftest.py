"""Where this file lies is what it does: pytest makes its folder importable for the tests below.

``cases`` (seeded inputs) and ``real_frameworks`` (the installed ones) are shared that way, while
the package under test is always the installed one, never the source tree. So no folder beside this
file may bear the name of a framework: it would be found where the framework is not installed.
"""

import importlib.util

if importlib.util.find_spec("hypothesis"):
    from hypothesis import settings

    # A busy machine is slow without being wrong: no example fails for its time.
    settings.register_profile("opsbridge", deadline=None)
    settings.load_profile("opsbridge")
