"""The zero-shot proxies that Table 9 compares MAE-DET with, behind the same scorer interface.

Each is implemented from its own paper, and works on the network that its paper scores:

- Zen-Score removes the residual links (Lin et al. 2021, Algorithm 1) and keeps batch norm;
- SynFlow and NASWOT take the network as it is trained, shortcuts included.

Squeeze-and-excitation is left out, as it is of the entropy. There is no data set here, so
images are Gaussian noise where a paper takes a minibatch of its training images.
"""
