"""Messages as Standard Webhooks has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integritas.delivery.model import Webhook, WebhookId, wants
from integritas.delivery.signing import headers_of, new_secret, sign
from integritas.kernel.clock import SeededRandomness
from integritas.kernel.ids import TenantId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOOK = Webhook(
    TenantId("main"), WebhookId("wh_1"), "https://x", ("*",), "new", "u", NOW, NOW
)


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of the Standard Webhooks specification and of its libraries.
    assert (
        sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_secret_has_its_form_and_length() -> None:
    secret = new_secret(SeededRandomness(1))
    assert secret.startswith("whsec_")
    assert len(secret) == len("whsec_") + 44


def test_two_secrets_sign_while_the_old_one_counts() -> None:
    hook = replace(HOOK, old_secret="old", old_secret_until=NOW + timedelta(hours=1))
    assert hook.secrets(NOW) == ("new", "old")
    assert hook.secrets(NOW + timedelta(hours=1)) == ("new",)
    headers = headers_of(["whsec_YQ==", "whsec_Yg=="], "evt_1", NOW, b"{}")
    assert headers["webhook-signature"].count("v1,") == 2
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))


@pytest.mark.parametrize(
    ("types", "wanted"),
    [
        (("*",), True),
        (("integritas.case.*",), True),
        (("integritas.case.opened.v1",), True),
        (("integritas.case.opened",), False),
        (("integritas.user.*",), False),
        (("integritas.user.*", "integritas.case.opened.v1"), True),
    ],
)
def test_what_a_webhook_is_told_of(types: tuple[str, ...], wanted: bool) -> None:
    assert wants(replace(HOOK, types=types), "integritas.case.opened.v1") is wanted
