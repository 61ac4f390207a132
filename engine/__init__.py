"""MAE-DET without a network trained: structures, costs, entropy and search.

Nothing in here knows of terminals, files a user edits, or command lines; the
package needs torch, numpy and pyyaml only, and torch only for forward passes.
"""

import logging

# what goes wrong on a thread is logged; where the records go is for whoever uses the engine
logging.getLogger(__name__).addHandler(logging.NullHandler())
