"""Typed clients of the HTTP API, sync and async, generated from its document.

```python
from integritas.client import Client

with Client("http://127.0.0.1:8000", token=token) as client:
    for case in client.cases_list(state=["VALIDATING"])["data"]:
        print(case["number"], case["risk"])
```
"""

from __future__ import annotations

from integritas.client.aio import AsyncClient
from integritas.client.sync import Client
from integritas.client.transport import ApiError

__all__ = ["ApiError", "AsyncClient", "Client"]
