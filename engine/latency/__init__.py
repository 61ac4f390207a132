"""How long a structure takes on the user's device: measured once per operation, then looked up.

The time of a backbone is the sum of its operations' times (convolution, ReLU, residual
sum, ...), each interpolated in a table that is measured on the device and kept on disk.
What is timed is inference: batch norm is folded into the convolution before it, as every
deployment does, so that a convolution has a bias and nothing else.
"""
