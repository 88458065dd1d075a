"""Stored files may lie in S3: the same rules, over HTTP to a server that speaks its protocol (moto's)."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from core.files import read_file, store_file
from core.identity import act_as
from tests.support.drafts import PAPER
from tests.support.world import World

BUCKET = "invented-bucket"
KEYS = {"aws_access_key_id": "invented", "aws_secret_access_key": "invented"}


@pytest.fixture
def bucket(settings: Any) -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    options = {
        "bucket_name": BUCKET, "endpoint_url": address, "region_name": "us-east-1", "access_key": "invented",
        "secret_key": "invented", "file_overwrite": True, "default_acl": None, "addressing_style": "path",
        "signature_version": "s3v4",
    }  # fmt: skip
    settings.STORAGES = {
        **settings.STORAGES, "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
    }  # fmt: skip
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **KEYS)
    client.create_bucket(Bucket=BUCKET)
    try:
        yield client
    finally:
        server.stop()


@pytest.mark.django_db
def test_a_file_is_kept_once_under_its_hash_and_read_back(world: World, bucket: Any) -> None:
    with act_as(world.who("preparer")) as actor:
        rows = [
            store_file(actor, PAPER, name=name, certifier_id=world.certifier.pk, client_id=world.client.pk)
            for name in ("a.pdf", "b.pdf")
        ]
    there = [entry["Key"] for entry in bucket.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert there == [rows[0].path] and rows[0].path == rows[1].path
    assert there[0].endswith(hashlib.sha256(PAPER).hexdigest())
    assert read_file(rows[1]) == PAPER


@pytest.mark.django_db
def test_what_was_changed_in_the_bucket_is_not_given_out(world: World, bucket: Any) -> None:
    with act_as(world.who("preparer")) as actor:
        row = store_file(actor, PAPER, name="a", certifier_id=world.certifier.pk, client_id=world.client.pk)
    bucket.put_object(Bucket=BUCKET, Key=row.path, Body=b"x" + PAPER[1:])
    with pytest.raises(ValueError, match="not what was stored"):
        read_file(row)
    bucket.delete_object(Bucket=BUCKET, Key=row.path)
    with pytest.raises(OSError, match=r"."):
        read_file(row)


def test_the_settings_lead_to_the_bucket() -> None:
    env = os.environ | {"PORTAL_FILES": "s3", "PORTAL_S3_BUCKET": BUCKET, "PORTAL_S3_ENDPOINT": "http://127.0.0.1:1"}
    said = (
        "import django; django.setup(); from django.core.files.storage import default_storage as s; "
        "print(type(s._setup() or s._wrapped).__name__, s.bucket_name, s.endpoint_url)"
    )
    done = subprocess.run([sys.executable, "-c", said], env=env, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["S3Storage", BUCKET, "http://127.0.0.1:1"]
