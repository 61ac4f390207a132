"""MAE-DET without a network trained: structures, costs, entropy and search.

Nothing in here knows of terminals, files a user edits, or command lines; the
package needs torch, numpy and pyyaml only, and torch only for forward passes.
"""
