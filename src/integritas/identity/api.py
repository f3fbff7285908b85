"""What others may use of identity.

`Identity.verify` turns the credential of a request, an access token or an API key,
into a `Principal`; a route asks it for a permission of `PERMISSIONS`.
`Identity.users`, `.sessions`, `.keys`, `.factors` and `.oidc` do the rest. Errors are
the kernel's: `NotAuthenticated` for credentials, `NotPermitted` for permissions,
`InvalidInput` with the field and what to do, `Conflict`, `NotFound`, `Refused`,
`TooManyRequests`.

`view_of` says how much of personal data roles see; `mask_finding` shows a finding so.
"""

from __future__ import annotations

from integritas.identity.disclosure import DISCLOSURE, Datum, Form, View, view_of
from integritas.identity.keys import ApiKeys
from integritas.identity.masking import (
    mask_finding,
    mask_json,
    mask_reason,
    mask_result,
)
from integritas.identity.model import (
    AdminCreated,
    ApiKey,
    Enrolment,
    IssuedKey,
    Login,
    NewApiKey,
    NewUser,
    Principal,
    TokenPair,
    User,
    UserChanges,
)
from integritas.identity.oidc import COOKIE_TTL_S, OidcSettings, OpenIdLogin
from integritas.identity.policy import (
    PERMISSIONS,
    Grant,
    Role,
    permissions_of,
    permitted,
)
from integritas.identity.registers import KEPT_IDENTITY
from integritas.identity.second_factor import SecondFactors
from integritas.identity.service import Identity, check_tenant
from integritas.identity.sessions import Sessions
from integritas.identity.users import Users, check_new_user

__all__ = [
    "COOKIE_TTL_S",
    "DISCLOSURE",
    "KEPT_IDENTITY",
    "PERMISSIONS",
    "AdminCreated",
    "ApiKey",
    "ApiKeys",
    "Datum",
    "Enrolment",
    "Form",
    "Grant",
    "Identity",
    "IssuedKey",
    "Login",
    "NewApiKey",
    "NewUser",
    "OidcSettings",
    "OpenIdLogin",
    "Principal",
    "Role",
    "SecondFactors",
    "Sessions",
    "TokenPair",
    "User",
    "UserChanges",
    "Users",
    "View",
    "check_new_user",
    "check_tenant",
    "mask_finding",
    "mask_json",
    "mask_reason",
    "mask_result",
    "permissions_of",
    "permitted",
    "view_of",
]
