from __future__ import annotations

import io
import json
import tracemalloc

import pytest

from integritas.services.anticorruption.api import (
    DEFAULT_SETTINGS,
    Reject,
    Run,
    run_indicators,
)

SINGLE = b'{"ocid":"%s","tender":{"procurementMethod":"open","numberOfTenderers":1}}'


def run(data: bytes, *, max_line_bytes: int = 1_000) -> tuple[Run, list[Reject]]:
    rejects: list[Reject] = []
    done = run_indicators(
        io.BytesIO(data),
        DEFAULT_SETTINGS,
        with_maps=False,
        on_reject=rejects.append,
        max_line_bytes=max_line_bytes,
    )
    return done, rejects


def flagged(done: Run) -> set[str]:
    found = done.ledger.document().get("OCID", {})
    assert isinstance(found, dict)
    return set(found)


def test_lines_are_read_whatever_ends_them() -> None:
    done, rejects = run(b"\r\n".join([SINGLE % b"a", b"", b"  ", SINGLE % b"b"]))
    assert flagged(done) == {"a", "b"}
    assert (done.lines, done.read, rejects) == (2, 2, [])


def test_a_byte_order_mark_is_taken_off() -> None:
    done, _ = run(b"\xef\xbb\xbf" + SINGLE % b"a")
    assert flagged(done) == {"a"}


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        (b"{", "(whole)", "is not JSON"),
        (b'{"ocid": NaN}', "ocid", "is NaN or infinite"),
        (
            b'{"ocid":"x","awards":[{},{"value":{"amount":-Infinity}}]}',
            "awards[1].value.amount",
            "is NaN or infinite",
        ),
        (b'{"ocid":"x","buyer":{"id":1e999}}', "buyer.id", "is NaN or infinite"),
        (b'{"ocid":"x","a":' + b"[" * 400 + b"}", "(whole)", "is not JSON"),
        (b'{"ocid": "\xff"}', "(whole)", "is not JSON"),
        (b"[1]", "(whole)", "is JSON but no object: list"),
        (b"null", "(whole)", "is JSON but no object: NoneType"),
        (b"{}", "ocid", "is missing or no text"),
        (b'{"ocid": 7}', "ocid", "is missing or no text"),
    ],
)
def test_a_bad_line_is_told_and_the_rest_goes_on(
    line: bytes, path: str, message: str
) -> None:
    done, (reject,) = run(b"\n".join([SINGLE % b"a", line, SINGLE % b"b"]))
    assert flagged(done) == {"a", "b"}
    assert (done.lines, done.read, done.rejected) == (3, 2, 1)
    assert (reject.line, reject.path, reject.used) == (2, path, False)
    assert reject.message.startswith(message)
    assert str(reject).startswith(f"line 2 {path}: {message}")


def test_a_list_of_releases_on_one_line_is_a_package() -> None:
    done, (reject,) = run(b"[" + SINGLE % b"a" + b"," + SINGLE % b"b" + b",{}]")
    assert flagged(done) == {"a", "b"}
    assert (reject.line, reject.path) == (1, "releases[2].ocid")


def test_an_endless_line_is_skipped_to_its_end() -> None:
    long = b'{"ocid":"' + b"x" * 900 + b'"}'
    done, (reject,) = run(
        b"\n".join([SINGLE % b"a", long, SINGLE % b"b"]), max_line_bytes=100
    )
    assert flagged(done) == {"a", "b"}
    assert (reject.line, reject.message) == (2, "is longer than 100 bytes")


def test_a_last_line_over_the_limit_ends_the_file() -> None:
    done, (reject,) = run(SINGLE % b"a" + b"\n" + b"x" * 450, max_line_bytes=100)
    assert (done.read, reject.line) == (1, 2)


def test_a_line_over_the_limit_is_not_parsed() -> None:
    package = b'{"releases":[' + b",".join([SINGLE % b"a"] * 40_000) + b"]}"
    tracemalloc.start()
    try:
        done, (reject,) = run(package, max_line_bytes=2_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (done.read, reject.line) == (0, 1)
    assert peak < 8_000_000


def test_a_line_of_just_the_limit_is_read() -> None:
    line = SINGLE % b"a"
    done, rejects = run(line + b"\n" + line, max_line_bytes=len(line))
    assert (done.read, rejects) == (2, [])


def test_a_field_of_the_wrong_type_is_told_and_the_line_counts() -> None:
    line = (
        b'{"ocid":"a","tender":{"procurementMethod":"open","numberOfTenderers":1,'
        b'"value":{"amount":"5"}}}'
    )
    done, (reject,) = run(line)
    assert flagged(done) == {"a"}
    assert (done.rejected, done.ignored_fields) == (0, 1)
    assert (reject.path, reject.used) == ("tender.value.amount", True)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        (b'"tender":{"amendments":[{"date":"2023"}]}', "tender.amendments[0].date"),
        (
            b'"contracts":[{"amendments":[{},{"date":"2023"}]}]',
            "contracts[0].amendments[1].date",
        ),
        (
            b'"contracts":[{"implementation":{"transactions":[{"date":"2023"}]}}]',
            "contracts[0].implementation.transactions[0].date",
        ),
        (
            b'"tender":{"numberOfTenderers":9223372036854775808}',
            "tender.numberOfTenderers",
        ),
    ],
)
def test_what_only_few_flags_read_is_told_too(fields: bytes, path: str) -> None:
    done, (reject,) = run(b'{"ocid":"a",' + fields + b"}")
    assert (done.read, reject.path, reject.used) == (1, path, True)


def test_an_empty_stream_gives_nothing() -> None:
    done, rejects = run(b"")
    assert (done.lines, done.read, rejects) == (0, 0, [])


def test_bids_in_several_currencies_are_told_and_left_out() -> None:
    def bid(amount: int, currency: str) -> dict[str, object]:
        value = {"amount": amount, "currency": currency}
        return {"status": "valid", "tenderers": [{"id": currency}], "value": value}

    bids = [bid(5, "USD"), bid(4, "EUR"), bid(3, "CHF")]
    lines = [
        {"ocid": "a", "bids": {"details": bids[:1]}},
        {"ocid": "b", "bids": {"details": bids}},
    ]
    done, rejects = run("\n".join(map(json.dumps, lines)).encode())
    (reject,) = rejects
    assert (reject.line, reject.path) == (2, "bids.details[1].value.currency")
    assert reject.message == "is EUR, and a bid before it is in USD"
    assert (reject.used, done.read, done.ignored_fields) == (True, 2, 1)
    _, (reject,) = run(json.dumps({"releases": lines}).encode())
    assert reject.path == "releases[1].bids.details[1].value.currency"


@pytest.mark.parametrize("amount", ["-1", "0", "1e308", "-1e308", "5e-324", "1e400"])
def test_amounts_that_no_bid_has_stop_no_run(amount: str) -> None:
    amounts = [amount, "100", "1e-300", "1e308"]
    bids = [
        '{"status":"valid","tenderers":[{"id":"T"}],"value":{"currency":"EUR",'
        f'"amount":{each}}}}}'
        for each in amounts
    ]
    line = f'{{"ocid":"x","bids":{{"details":[{",".join(bids)}]}}}}'.encode()
    done, _ = run(line + b"\n" + SINGLE % b"a")
    assert "a" in flagged(done)
