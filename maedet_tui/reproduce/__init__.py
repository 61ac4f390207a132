"""The paper's tables once more: its searches run by us, its figures beside ours."""
