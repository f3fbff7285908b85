"""Country names as sanctions lists write them, to ISO 3166-1 alpha-2 codes.

Covers the names in the OFAC and UN lists and the common ones beside them; an unknown
name is no country, never a guess. `xk` (Kosovo) is the user-assigned code in wide use.
"""

from __future__ import annotations

from typing import Final

from integritas.services.compliance.normalise import fold

__all__ = ["country_code"]

_TABLE: Final = """
ae united arab emirates|uae; af afghanistan; al albania; am armenia; ao angola
ar argentina; at austria; au australia; aw aruba; az azerbaijan
ba bosnia and herzegovina; bb barbados; bd bangladesh; be belgium; bf burkina faso
bg bulgaria; bh bahrain; bi burundi; bj benin; bn brunei; bo bolivia; br brazil
bs bahamas|bahamas, the|the bahamas; bt bhutan; bw botswana; by belarus; bz belize
ca canada; cd congo, democratic republic of the|democratic republic of the congo|drc
cf central african republic; cg congo, republic of the|congo|republic of the congo
ch switzerland; ci cote d ivoire|cote divoire|ivory coast; cl chile; cm cameroon
cn china|peoples republic of china; co colombia; cr costa rica; cu cuba
cv cabo verde|cape verde; cy cyprus; cz czech republic|czechia; de germany; dj djibouti
dk denmark; dm dominica; do dominican republic; dz algeria; ec ecuador; ee estonia
eg egypt; er eritrea; es spain; et ethiopia; fi finland; fj fiji; fr france; ga gabon
gb united kingdom|united kingdom of great britain and northern ireland|great britain|uk
ge georgia; gg guernsey; gh ghana; gi gibraltar; gm gambia|the gambia; gn guinea
gq equatorial guinea; gr greece; gt guatemala; gw guinea-bissau; gy guyana
hk hong kong|china, hong kong special administrative region; hn honduras; hr croatia
ht haiti; hu hungary; id indonesia; ie ireland; il israel; im isle of man; in india
iq iraq; ir iran|iran (islamic republic of)|islamic republic of iran; is iceland
it italy; je jersey; jm jamaica; jo jordan; jp japan; ke kenya; kg kyrgyzstan
kh cambodia; km comoros; kn saint kitts and nevis
kp korea, north|north korea|democratic peoples republic of korea|dprk
kr korea, south|south korea|republic of korea; kw kuwait; ky cayman islands
kz kazakhstan; la laos|lao peoples democratic republic; lb lebanon; lc saint lucia
li liechtenstein; lk sri lanka; lr liberia; ls lesotho; lt lithuania; lu luxembourg
lv latvia; ly libya|libyan arab jamahiriya; ma morocco; mc monaco
md moldova|republic of moldova; me montenegro; mg madagascar; mh marshall islands
mk north macedonia|macedonia, the former yugoslav republic of|macedonia; ml mali
mm burma|myanmar; mn mongolia; mo macau|macao; mr mauritania; mt malta; mu mauritius
mv maldives; mw malawi; mx mexico; my malaysia; mz mozambique; na namibia; ne niger
ng nigeria; ni nicaragua; nl netherlands|the netherlands; no norway; np nepal
nz new zealand; om oman; pa panama; pe peru; pg papua new guinea; ph philippines
pk pakistan; pl poland; ps palestinian|state of palestine|palestine|west bank|gaza
pt portugal; pw palau; py paraguay; qa qatar; ro romania; rs serbia
ru russia|russian federation; rw rwanda; sa saudi arabia; sc seychelles; sd sudan
se sweden; sg singapore; si slovenia; sk slovakia; sl sierra leone; sn senegal
so somalia; sr suriname; ss south sudan; st sao tome and principe; sv el salvador
sy syria|syrian arab republic; sz eswatini|swaziland; td chad; tg togo; th thailand
tj tajikistan; tm turkmenistan; tn tunisia; tr turkey|turkiye; tt trinidad and tobago
tw taiwan; tz tanzania|united republic of tanzania; ua ukraine; ug uganda
us united states|united states of america|usa; uy uruguay; uz uzbekistan
vc saint vincent and the grenadines; ve venezuela
vg virgin islands, british|british virgin islands; vn vietnam|viet nam; vu vanuatu
ws samoa; xk kosovo; ye yemen; za south africa; zm zambia; zw zimbabwe
"""

_CODES: Final = {
    name: item.strip()[:2]
    for line in _TABLE.strip().splitlines()
    for item in line.split(";")
    for name in item.strip()[3:].split("|")
}


def country_code(text: str | None) -> str | None:
    """Return the alpha-2 code (lower case) of a name or code, None if unknown.

    Two letters that are no name in the table are taken for a code.
    """
    folded = fold(text or "").strip()
    is_code = len(folded) == 2 and folded.isascii() and folded.isalpha()
    return _CODES.get(folded, folded if is_code else None)
