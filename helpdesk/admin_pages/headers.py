"""The headers of lists are worked out once; unfold asks for them again for each row, to name what stands in it."""

from typing import Any

from unfold.templatetags import unfold_list

work_out = unfold_list.result_headers


def result_headers(listed: Any) -> list[dict[str, Any]]:
    if not hasattr(listed, "headers"):
        listed.headers = list(work_out(listed))
    found: list[dict[str, Any]] = listed.headers
    return found


def work_out_once() -> None:
    unfold_list.result_headers = result_headers
