"""What others may use of identity.

`Identity.verify` turns the credential of a request, an access token or an API key,
into a `Principal`; a route asks it for a permission of `PERMISSIONS`.
`Identity.users`, `.sessions`, `.keys`, `.factors` and `.oidc` do the rest. Errors are
the kernel's: `NotAuthenticated` for credentials, `NotPermitted` for permissions,
`InvalidInput` with the field and what to do, `Conflict`, `NotFound`, `Refused`,
`TooManyRequests`.
"""

from __future__ import annotations

from integritas.identity.keys import ApiKeys
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
from integritas.identity.second_factor import SecondFactors
from integritas.identity.service import Identity, check_tenant
from integritas.identity.sessions import Sessions
from integritas.identity.users import Users, check_new_user

__all__ = [
    "COOKIE_TTL_S",
    "PERMISSIONS",
    "AdminCreated",
    "ApiKey",
    "ApiKeys",
    "Enrolment",
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
    "check_new_user",
    "check_tenant",
    "permissions_of",
    "permitted",
]
