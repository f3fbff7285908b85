"""A small made-up list in the Treasury's and the UN's forms, and what stands on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.contracts import Dossier, Evidence
from integritas.kernel.evidence import Content, content_digest
from integritas.kernel.ids import DEFAULT_TENANT, EvidenceId
from integritas.services.compliance.api import (
    ComplianceService,
    Screener,
    Watchlists,
    load_compliance_service,
    load_watchlists,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

E = "-0- "
SDN = f"""\
101,"ORLOV, Mikhail Petrovich","individual","TEST-A] [TEST-B",{E},{E},{E},{E},{E},{E},\
{E},"DOB 12 Mar 1971; nationality Russia; Passport 7712345678 (Russia); Gender Male; \
a.k.a. 'MISHA'."
102,"VOSTOK MARINE TRADING LLC",{E},"TEST-A",{E},{E},{E},{E},{E},{E},{E},{E}
103,"SILVER HERON",vessel,"TEST-A",{E},"ABCD",Tug,{E},100,"Panama",{E},\
"Vessel Registration Identification IMO 9123456."
104,"GARCIA LUNA, Maria Elena","individual","TEST-C",{E},{E},{E},{E},{E},{E},{E},\
"DOB circa 1965; alt. DOB Apr 1966; Gender Female."
105,"KUM SONG 7",vessel,"TEST-D",{E},{E},{E},{E},{E},"Korea, North",{E},{E}
\x1a
"""
ALT = f"""\
101,1,"aka","ORLOFF, Michael",{E}
102,2,"fka","VOSTOK SHIPPING COMPANY",{E}
\x1a
"""
ADD = f"""\
102,1,{E},"Vladivostok","Russia",{E}
\x1a
"""
UN = """\
<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-02-27T00:00:09.554Z">
  <INDIVIDUALS>
    <INDIVIDUAL>
      <DATAID>9001</DATAID>
      <FIRST_NAME>SALIM</FIRST_NAME>
      <SECOND_NAME>AL-QASIMI</SECOND_NAME>
      <UN_LIST_TYPE>Test</UN_LIST_TYPE>
      <GENDER>Male</GENDER>
      <NATIONALITY><VALUE>Yemen</VALUE></NATIONALITY>
      <NAME_ORIGINAL_SCRIPT>سالم القاسمي</NAME_ORIGINAL_SCRIPT>
      <INDIVIDUAL_ALIAS>
        <QUALITY>Low</QUALITY><ALIAS_NAME>Abu Nimr; The Carpenter</ALIAS_NAME>
      </INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_DATE_OF_BIRTH>
        <TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE>
        <FROM_YEAR>1960</FROM_YEAR><TO_YEAR>1962</TO_YEAR>
      </INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DOCUMENT>
        <TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>00385937</NUMBER>
        <ISSUING_COUNTRY>Yemen</ISSUING_COUNTRY>
      </INDIVIDUAL_DOCUMENT>
    </INDIVIDUAL>
  </INDIVIDUALS>
  <ENTITIES>
    <ENTITY>
      <DATAID>9002</DATAID>
      <FIRST_NAME>GREEN VALLEY FOUNDATION</FIRST_NAME>
      <ENTITY_ALIAS>
        <QUALITY>f.k.a.</QUALITY><ALIAS_NAME>GVF</ALIAS_NAME>
      </ENTITY_ALIAS>
      <ENTITY_ADDRESS><COUNTRY>Somalia</COUNTRY></ENTITY_ADDRESS>
    </ENTITY>
  </ENTITIES>
</CONSOLIDATED_LIST>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with both lists, good as they are."""
    (tmp_path / "ofac").mkdir()
    (tmp_path / "un").mkdir()
    (tmp_path / "ofac" / "sdn.csv").write_text(SDN, encoding="utf-8")
    (tmp_path / "ofac" / "alt.csv").write_text(ALT, encoding="utf-8")
    (tmp_path / "ofac" / "add.csv").write_text(ADD, encoding="utf-8")
    (tmp_path / "un" / "consolidated.xml").write_text(UN, encoding="utf-8")
    return tmp_path


@pytest.fixture
def lists(folder: Path) -> Watchlists:
    """Return the snapshot of both lists."""
    return load_watchlists(folder)


@pytest.fixture
def screener(lists: Watchlists) -> Screener:
    """Return a screener over both lists."""
    return Screener(lists)


@pytest.fixture
def service(lists: Watchlists) -> ComplianceService:
    """Return the service over both lists and the shipped policy."""
    return load_compliance_service(lists)


@pytest.fixture
def bare() -> ComplianceService:
    """Return the service without any list."""
    return load_compliance_service(None)


@pytest.fixture
def dossier() -> Callable[..., Dossier]:
    """Return a maker of dossiers from contents."""

    def make(*contents: Content) -> Dossier:
        return Dossier(
            id="dossier_1",
            tenant=DEFAULT_TENANT,
            channel="api",
            received_at=datetime(2026, 1, 1, tzinfo=UTC),
            evidence=tuple(
                Evidence(EvidenceId(f"ev_{number}"), content, content_digest(content))
                for number, content in enumerate(contents)
            ),
        )

    return make
