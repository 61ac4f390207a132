"""Files with several structures, or with a choice that their text leaves open."""

import pytest

from engine.costs import total_cost
from engine.formats import structure_yaml
from engine.zoo import ZOO
from maedet_tui.files import StructureFileError, read_structure, read_structures
from tests.engine.formats.test_published import PARAMS, ZENNET_400M, damo, nas_info


@pytest.fixture
def several(tmp_path):
    path = tmp_path / "nas_info.txt"
    path.write_text(nas_info(), "utf-8")
    return path


def test_one_of_several_is_named_by_its_number(several):
    title, structure = read_structure(f"{several}#2")
    assert title == "nas_info.txt#2" and structure.blocks[4].bottleneck == 16


def test_several_are_listed_where_none_is_named(several):
    with pytest.raises(StructureFileError) as caught:
        read_structure(str(several))
    head, *lines = str(caught.value).splitlines()
    assert head == f"{several}: holds 3 structures; name one, such as {several}#1"
    assert len(lines) == 3 and "#2: " in lines[1] and "params" in lines[1]
    assert "cannot be built" in lines[2] and "Magic" in lines[2]


def test_what_is_named_must_be_there(several):
    with pytest.raises(StructureFileError, match="no structure 7; the file has 3"):
        read_structure(f"{several}#7")
    with pytest.raises(StructureFileError, match="#csq names none"):
        read_structure(f"{several}#csq")


def test_squeeze_and_excitation_of_a_zennet(tmp_path):
    path = tmp_path / "zennet.txt"
    path.write_text(ZENNET_400M, "utf-8")
    assert read_structure(str(path)).structure.blocks[1].se == 0
    assert read_structure(f"{path}#se").structure.blocks[1].se == 4


def test_a_file_whose_name_has_a_hash_is_read_as_it_is(tmp_path):
    path = tmp_path / "mine#2.txt"
    path.write_text(ZENNET_400M, "utf-8")
    assert read_structure(str(path)).structure.widths[-1] == 2048


def test_the_family_of_a_damo_yolo(tmp_path):
    path = tmp_path / "tinynas_L20#k1kx.txt"
    path.write_text(damo("T"), "utf-8")
    title, structure = read_structure(f"{path}#res")
    assert title == "tinynas_L20#k1kx.txt#res"
    assert total_cost(structure).params == PARAMS["T"]
    assert read_structure(str(path), "res").structure == structure
    for name in (f"{path}#csp", str(tmp_path / "zen.txt"), str(tmp_path / "own.yaml"), "maedet-m"):
        (tmp_path / "zen.txt").write_text(ZENNET_400M, "utf-8")
        (tmp_path / "own.yaml").write_text(structure_yaml.dumps(ZOO["initial"].structure), "utf-8")
        with pytest.raises(StructureFileError) as caught:
            read_structure(name, "csp")
        assert len(str(caught.value).splitlines()) == 1


def test_a_family_is_that_of_the_files_that_leave_it_open(tmp_path):
    open_, said = tmp_path / "T.txt", tmp_path / "S.txt"
    open_.write_text(damo("T"), "utf-8")
    said.write_text(damo("S"), "utf-8")
    names = [str(open_), f"{said}#res", "maedet-m"]
    found = read_structures(names, "mob")
    assert [one.title for one in found] == ["T.txt#mob", "S.txt#res", "MAE-DET-M"]
    assert found[0].structure == read_structure(f"{open_}#mob").structure
    with pytest.raises(StructureFileError, match=r"T\.txt: its blocks are DAMO-YOLO's"):
        read_structures(names)
    with pytest.raises(StructureFileError, match=r"--family mob: none of .*S.txt#res, maedet-m"):
        read_structures(names[1:], "mob")
    with pytest.raises(StructureFileError, match="says mob; leave one of the two out"):
        read_structure(names[1], "mob")


def test_one_of_several_of_a_family(tmp_path):
    path = tmp_path / "nas_info.txt"
    path.write_text(f"{{'best_structures': [{damo('T')}, {damo('S')}]}}", "utf-8")
    with pytest.raises(StructureFileError, match="say --family res"):
        read_structure(str(path))
    with pytest.raises(StructureFileError, match="holds 2 structures; name one") as caught:
        read_structure(str(path), "res")
    assert "#2: 3.8M params" in str(caught.value)
    title, structure = read_structure(f"{path}#2", "res")
    assert title == "nas_info.txt#2#res" and total_cost(structure).params == PARAMS["S"]
