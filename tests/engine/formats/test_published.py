"""Structures as their authors publish them: their code's parameters, to the digit."""

import pytest

from engine.costs import total_cost
from engine.formats import plainnet, structure_info
from engine.structure import StructureError

#: (class, L, in, bottleneck, out, kernel, stride) of DeepMAD-29M at 224
DEEPMAD_29M = (
    ("SuperResK1DWSEK1", 2, 40, 240, 40, 5, 1),
    ("SuperResK1DWSEK1", 4, 40, 512, 85, 5, 2),
    ("SuperResK1DWSEK1", 6, 85, 800, 134, 5, 2),
    ("SuperResK1DWSEK1", 6, 134, 1208, 201, 5, 2),
    ("SuperResK1DWSEK1", 5, 201, 1872, 312, 5, 2),
)
ZENNET_400M = (
    "SuperConvK3BNRELU(3,16,2,1)SuperResIDWE1K7(16,40,2,40,1)SuperResIDWE1K7(40,64,2,64,1)"
    "SuperResIDWE4K7(64,96,2,96,5)SuperResIDWE2K7(96,224,2,224,5)SuperConvK1BNRELU(224,2048,1,1)"
)
ZENNET_01MS = (
    "SuperConvK3BNRELU(3,24,2,1)SuperResK3K3(24,32,2,64,1)SuperResK5K5(32,64,2,32,1)"
    "SuperResK5K5(64,168,2,96,1)SuperResK1K5K1(168,320,1,120,1)SuperResK1K5K1(320,640,2,304,3)"
    "SuperResK1K5K1(640,512,1,384,1)SuperConvK1BNRELU(512,2384,1,1)"
)
CIFAR = "SuperConvK3BNRELU(3,64,1,1)SuperResK1K5K1(64,168,1,16,3)SuperResK1K3K1(168,80,2,32,4)"


def rows(*blocks, stem=40):
    found = [{"class": "ConvKXBNRELU", "in": 3, "out": stem, "s": 2, "k": 3}]
    for name, deep, in_, inside, out, kernel, stride in blocks:
        row = {"class": name, "in": in_, "out": out, "s": stride, "k": kernel, "L": deep}
        found.append({**row, "btn": inside, "inner_class": name.removeprefix("Super")})
    return found


def info(*structures, **more):
    return repr({"best_structures": list(structures), "space_arch": "CnnNet"} | more)


def test_deepmad_has_the_parameters_that_its_code_builds():
    last = {"class": "ConvKXBNRELU", "in": 312, "out": 1792, "s": 1, "k": 1}
    structure = structure_info.loads(info([*rows(*DEEPMAD_29M), last]))
    cost = total_cost(structure, (224, 224))
    assert cost.params == 26_876_956  # 28.7 M with its head, published as 29 M
    assert cost.flops == pytest.approx(4.5e9, rel=0.02)
    assert structure_info.loads(structure_info.dumps(structure)) == structure


@pytest.mark.parametrize(
    ("text", "se", "params", "published"),
    [
        (ZENNET_400M, 0, 3_649_208, 410e6),
        (ZENNET_400M, 4, 5_417_024, 410e6),
        (ZENNET_01MS, 0, 27_683_776, 1.7e9),
    ],
)
def test_zennets_have_the_parameters_that_their_code_builds(text, se, params, published):
    cost = total_cost(plainnet.loads(text, se), (224, 224))
    assert cost.params == params
    # published to two digits
    assert cost.flops == pytest.approx(published, rel=0.02 if published < 1e9 else 0.04)


def test_levels_of_a_zennet_are_found():
    structure = plainnet.loads(ZENNET_400M)
    assert structure.widths == (16, 40, 64, 96, 2048)  # C5 ends with the 1x1 convolution
    assert [block.depth for block in plainnet.loads(ZENNET_01MS).blocks] == [1, 1, 1, 1, 2, 6, 2, 1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CIFAR, ["only 1", "stride 2", "CIFAR", "C1-C5"]),
        (ZENNET_400M.replace("IDWE4K7", "IDWE5K7"), ["block 4", "IDWE5K7", "SuperResIDWE4K5"]),
        (ZENNET_400M.replace("(3,16,2,1)", "(3,16,2)"), ["block 1", "3 numbers", "stride, L"]),
        (ZENNET_400M.replace("(3,16,2,1)", "(3,x,2,1)"), ["block 1", "brackets"]),
        (ZENNET_400M.replace("(3,16,2,1)", "(3,16,2,0)"), ["block 1", "L", "at least 1"]),
        (ZENNET_01MS.replace("K3K3", "K3K5"), ["block 2", "two kernels"]),
        (ZENNET_400M.replace("(3,16,2,1)", f"(3,{'9' * 9},2,1)"), ["block 1", "out", "999"]),
    ],
)
def test_a_zennas_text_that_cannot_be_built_is_refused_in_words(text, words):
    with pytest.raises(StructureError) as caught:
        plainnet.loads(text)
    assert len(caught.value.problems) == 1
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (info(rows(("SuperQuantResK1DWK1", 3, 40, 8, 8, 5, 2))), "quantised"),
        (info([{"class": "Conv3DKXBNRELU", "in": 3}]), "video"),
        (info(rows(), space_arch="Cnn3DNet"), "video"),
    ],
)
def test_video_and_quantised_nets_are_refused_in_one_line(text, words):
    with pytest.raises(StructureError) as caught:
        structure_info.loads(text)
    assert len(caught.value.problems) == 1 and words in str(caught.value)


ONE = ("SuperResK1KXK1", 1, 40, 8, 40, 3, 1)
PAIR = "SuperResIDWE1K7(16,16,1,8"


def forty(*changes, of=ONE, **more):
    """Forty such blocks behind a stem, each with numbers or keys that it cannot have."""
    block = list(of)
    for place, value in changes:
        block[place] = value
    stem, *blocks = rows(*[tuple(block)] * 40)
    return repr([stem, *({**row, **more} for row in blocks)])


@pytest.mark.parametrize(
    ("loads", "text", "words"),
    [
        (structure_info.loads, forty((0, "SuperResMagic")), "'class' is 'SuperResMagic'; use one"),
        (structure_info.loads, forty((1, 0)), "(ResBlock): depth is 0, but must be at least 1"),
        (structure_info.loads, forty((1, "x")), "L is 'x', but must be a whole number"),
        (structure_info.loads, forty(magic=1), "'magic' is not a key of SuperResK1KXK1"),
        (structure_info.loads, forty(act="gelu"), "'act' is 'gelu', but only 'relu'"),
        (structure_info.loads, forty(nbitsA=[8, 3]), "'nbitsA' is not 8 bits throughout"),
        (plainnet.loads, f"SuperConvK3BNRELU(3,16,2,1){PAIR})" + f"{PAIR})" * 39, "has 4 numbers"),
        (plainnet.loads, "SuperConvK3BNRELU(3,16,2,1)" + f"{PAIR},0)" * 40, "L is 0, but"),
        (plainnet.loads, "SuperConvK3BNRELU(3,16,2,1)" + "SuperMagic(1)" * 40, "is not read"),
    ],
)  # fmt: skip
def test_forty_problems_of_one_cause_are_one_line(loads, text, words):
    with pytest.raises(StructureError) as caught:
        loads(text)
    (problem,) = [one for one in caught.value.problems if "stride 2" not in one]
    assert problem.startswith("blocks 2-41") and words in problem


def test_forty_problems_of_a_family_are_one_line():
    damos = ("SuperResConvK1KX", *ONE[1:])
    for text, words in (
        (forty((1, 0), of=damos), "blocks 2-41: depth is 0"),
        (forty((0, "SuperResK1KX"))[:-1] + ", " + forty(of=damos)[1:], "blocks 2-41: no K1KXBl"),
    ):
        with pytest.raises(StructureError) as caught:
            structure_info.loads(text, family="res")
        assert [one for one in caught.value.problems if one.startswith(words)]
        assert len(caught.value.problems) <= 2


@pytest.mark.parametrize(
    ("name", "kind", "params"),
    [
        # 40 -> 8 -> 40 once each: convolutions, and two a channel of batch norm
        ("SuperResK1KX", "K1KXBlock", 40 * 8 + 8 * 40 * 9 + 2 * 48),
        ("SuperResKXKX", "KXKXBlock", 40 * 8 * 9 + 8 * 40 * 9 + 2 * 48),
        ("SuperResK1DWK1", "DepthwiseBlock", 40 * 8 + 8 * 9 + 8 * 40 + 2 * 56),
    ],
)
def test_classes_of_tinynas(name, kind, params):
    widths = [(name, 1, 40, 8, 40, 3, 2)] * 4
    structure = structure_info.loads(info(rows(*widths)))
    assert {block.kind for block in structure.blocks[1:]} == {kind}
    assert total_cost(structure).params == 3 * 40 * 9 + 80 + 4 * params


#: (stem, class, (L, btn, out) behind it) of DAMO-YOLO's nets, strides being 2 2 2 1 2
DAMO = {
    "T": (24, "K1KX", (2, 24, 64), (2, 64, 96), (2, 96, 192), (2, 152, 192), (1, 192, 384)),
    "S": (32, "K1KX", (1, 24, 128), (5, 88, 128), (3, 128, 256), (2, 120, 256), (1, 144, 512)),
    "M": (32, "KXKX", (2, 64, 128), (4, 64, 128), (4, 256, 256), (4, 256, 256), (3, 256, 512)),
    "L": (32, "KXKX", (3, 96, 128), (5, 96, 128), (5, 384, 256), (5, 384, 256), (4, 384, 512)),
    "N": (16, "K1KX", (2, 24, 40), (2, 64, 80), (2, 40, 112), (2, 152, 112), (1, 192, 160)),
    "Ns": (16, "K1KX", (1, 24, 24), (2, 64, 40), (2, 40, 64), (2, 152, 80), (2, 192, 160)),
    "Nm": (16, "K1KX", (2, 24, 40), (2, 64, 64), (2, 40, 112), (2, 152, 128), (1, 192, 256)),
    "Nl": (24, "K1KX", (1, 24, 48), (2, 64, 80), (2, 40, 160), (3, 152, 160), (2, 192, 320)),
}


def damo(name):
    """The text of one of DAMO-YOLO's nets, as it is published."""
    stem, kind, *blocks = DAMO[name]
    found = [
        {"class": "ConvKXBNRELU", "in": 3, "k": 3, "nbitsA": 8, "nbitsW": 8, "out": stem, "s": 1}
    ]
    for (deep, inside, out), stride in zip(blocks, (2, 2, 2, 1, 2)):
        row = {"L": deep, "btn": inside, "class": f"SuperResConv{kind}", "in": stem, "out": out}
        bits = {"nbitsA": [8] * 2 * deep, "nbitsW": [8] * 2 * deep}
        found.append({**row, **bits, "inner_class": f"ResConv{kind}", "k": 3, "s": stride})
        stem = out
    return repr(found)


FAMILY = dict(zip(DAMO, ("res", "res", "csp", "csp", "mob", "mob", "mob", "mob")))
#: parameters of the backbones that their code builds, counted on its modules
PARAMS = {
    "T": 2_358_480, "S": 3_839_072, "M": 10_217_920, "L": 17_774_656, "N": 991_168,
    "Ns": 876_920, "Nm": 1_436_032, "Nl": 3_744_480,
}  # fmt: skip


@pytest.mark.parametrize("name", DAMO)
def test_damo_yolos_have_the_parameters_that_their_code_builds(name):
    structure = structure_info.loads(damo(name), family=FAMILY[name])
    assert total_cost(structure).params == PARAMS[name]
    stem = "Focus" if name in "TS" else "SiLUFocus" if name in "MLN" else "SiLUConv"
    assert structure.blocks[0].kind == stem


def swap(name, *pairs):
    text = damo(name)
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("text", "family", "words"),
    [
        (damo("T"), "", ["DAMO-YOLO", "--family res (T and S), csp (M and L)", "mob", "#res"]),
        (damo("T"), "vgg", ["family is 'vgg'", "res, csp, mob"]),
        (damo("T"), "csp", ["blocks 4 and 5 are one stage", "btn"]),
        (damo("M"), "mob", ["SuperResConvKXKX", "res or csp"]),
        (swap("M", ("'s': 1}, {'L': 3", "'s': 2}, {'L': 3")), "csp", ["strides are 2 2 2 2 2"]),
        (swap("T", ("'L': 1", "'L': 0")), "res", ["block 6", "depth is 0"]),
        (swap("T", ("'L': 1", "'L': 'x'")), "res", ["block 6", "L", "whole number"]),
        (swap("T", ("'btn': 24", "'btn': 0")), "mob", ["block 2", "bottleneck is 0"]),
        (damo("T").split(", {'L'")[0] + "]", "", ["0 blocks have stride 2"]),
        (info(rows(("SuperResK1KXK1", 1, 40, 8, 40, 3, 2))), "res", ["res", "leave it out"]),
        (
            swap("T", ("ResConvK1KX', 'in': 192", "ResK1KX', 'in': 192")),
            "res", ["blocks 5-6: no K1KXBlock", "SuperResConvK1KX and SuperResConvKXKX alone"],
        ),
    ],
)  # fmt: skip
def test_a_family_that_does_not_fit_is_refused_in_words(text, family, words):
    with pytest.raises(StructureError) as caught:
        structure_info.loads(text, family=family)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def nas_info():
    four = [("SuperResK1KXK1", 1, 40, 8, 40, 3, 2)] * 4
    first, second = rows(*four), rows(*four)
    second[4]["btn"] = 16
    text = repr({"best_structures": [first, second, [{"class": "Magic"}]], "space_arch": "CnnNet"})
    return text[:-1] + ", 'best_score': [np.float64(2.5), numpy.float32(-1e3), nan, -inf]}"


def test_a_structure_of_several_is_named_by_its_number():
    assert structure_info.loads(nas_info(), 1).blocks[4].bottleneck == 8
    assert structure_info.loads(nas_info(), 2).blocks[4].bottleneck == 16
    for number in (0, 4):
        with pytest.raises(StructureError, match=f"no structure {number}; the file has 3"):
            structure_info.loads(nas_info(), number)
    with pytest.raises(structure_info.Several, match="holds 3 structures") as caught:
        structure_info.loads(nas_info())
    assert [type(one).__name__ for one in caught.value.found] == ["Structure", "Structure", "str"]


def test_only_numbers_may_be_called():
    for text in ("{'a': os.system('ls')}", "{'a': np.load('x')}", "[np.float64(1)(2)]"):
        with pytest.raises(StructureError):
            structure_info.loads(text)
