"""The authors' network as far as names and arithmetic go, written down from its description:
blocks in a `block_list`, bottlenecks in a `block_list` of each, batch norms called bn1."""

import torch
from torch import nn


class ConvKXBN(nn.Module):
    def __init__(self, in_, out, kernel, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_, out, kernel, stride, (kernel - 1) // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.stride = stride

    def forward(self, x):
        return self.bn1(self.conv1(x))


class ConvKXBNRELU(ConvKXBN):
    def forward(self, x):
        return torch.relu(super().forward(x))


class ResK1KXK1(nn.Module):
    def __init__(self, in_, out, inside, kernel, stride, project):
        super().__init__()
        self.conv1 = ConvKXBN(in_, inside, 1, 1)
        self.conv2 = ConvKXBN(inside, inside, kernel, stride)
        self.conv3 = ConvKXBN(inside, out, 1, 1)
        self.residual_downsample = nn.AvgPool2d(2, 2) if stride == 2 else nn.Identity()
        self.residual_proj = ConvKXBN(in_, out, 1, 1) if project else nn.Identity()

    def forward(self, x):
        y = torch.relu(self.conv1(x))
        y = self.conv3(torch.relu(self.conv2(y)))
        return torch.relu(y + self.residual_proj(self.residual_downsample(x)))


class SuperResK1KXK1(nn.Module):
    def __init__(self, row):
        super().__init__()
        self.stride = row["s"]
        self.block_list = nn.ModuleList()
        for number in range(row["L"]):
            first = number == 0
            in_, stride = (row["in"], row["s"]) if first else (row["out"], 1)
            unit = ResK1KXK1(in_, row["out"], row["btn"], row["k"], stride, first)
            self.block_list.append(unit)

    def forward(self, x):
        for block in self.block_list:
            x = block(x)
        return x


class CnnNet(nn.Module):
    """rows: blocks as `structure_info` lists them. Puts out C1-C5 of images of 32 n pixels."""

    def __init__(self, rows):
        super().__init__()
        self.block_list = nn.ModuleList(
            ConvKXBNRELU(row["in"], row["out"], row["k"], row["s"])
            if row["class"] == "ConvKXBNRELU"
            else SuperResK1KXK1(row)
            for row in rows
        )

    def forward(self, x):
        maps = []
        for number, block in enumerate(self.block_list):
            if number and block.stride == 2:
                maps.append(x)
            x = block(x)
        return [*maps, x]
