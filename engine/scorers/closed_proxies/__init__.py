"""The proxies of Table 9 without a pass: what each comes to in wide networks.

All weights are independent and drawn afresh, so that layers average over them: what a
proxy of `engine.scorers.proxies` measures on one draw scatters little about a value that
follows from kernels, widths and sides alone. `docs/proxies.md` derives the three, and has
the differences from measured ones. No torch, and no random number.
"""
