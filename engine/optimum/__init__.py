"""The best structure of a space under its budgets, proven: `docs/optimum.md` has it all.

Under the closed form the widths of a skeleton (kinds, kernels and depths of all blocks)
solve a concave program. `coefficients` takes it from blocks and scores, `space` lists the
skeletons, `program` is the program of many of them at once, `interior` bounds it from
above, and `search.Optimum` branches until nothing lies above the best structure found.
`stages` bounds a space of too many skeletons, and `worth` says what more of a budget gives.
"""
