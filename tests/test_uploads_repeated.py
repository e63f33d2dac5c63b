"""A large upload whose transaction had to give way is stored by the second try."""

from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile

from tickets import files


def test_storing_an_upload_twice_works_and_keeps_its_bytes(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    upload = TemporaryUploadedFile("a.bin", "application/octet-stream", 3, None)
    upload.write(b"abc")
    names = [files.store(upload) for _ in range(2)]
    assert [(tmp_path / name).read_bytes() for name in names] == [b"abc", b"abc"]
