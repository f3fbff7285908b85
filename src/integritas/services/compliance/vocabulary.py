"""Words that mean little, or the same as others."""

from __future__ import annotations

from typing import Final

__all__ = [
    "ALIKE",
    "COMMON_NAMES",
    "DOUBTFUL_PARTICLES",
    "LEGAL_FORMS",
    "NUMERALS",
    "PARTICLES",
    "PATRONYMICS",
    "PHRASES",
    "PLACES",
    "SHORT_FORMS",
    "TENS",
    "TITLES",
]


def _spaced(text: str) -> list[str]:
    return text.split(" ")


# Left: what is written; right: what it is compared as. Sources: ISO 20275 (ELF codes)
# for the forms, the OFAC and UN lists for which of them matter.
PHRASES: Final[dict[tuple[str, ...], str]] = {
    ("limited", "liability", "company"): "llc",
    ("joint", "stock", "company"): "jsc",
    ("open", "joint", "stock", "company"): "jsc",
    ("public", "joint", "stock", "company"): "jsc",
    ("closed", "joint", "stock", "company"): "jsc",
    ("private", "limited"): "ltd",
    ("pvt", "ltd"): "ltd",
    ("pte", "ltd"): "ltd",
    ("pty", "ltd"): "ltd",
    ("sdn", "bhd"): "ltd",
    ("sociedad", "anonima"): "sa",
    ("societe", "anonyme"): "sa",
    ("sociedade", "anonima"): "sa",
    ("s", "a"): "sa",
    ("limited", "sirketi"): "ltd",
    ("anonim", "sirketi"): "as",
    ("spolka", "z", "o", "o"): "ltd",
    ("sp", "z", "oo"): "ltd",
    ("sp", "zoo"): "ltd",
    ("sp", "z", "o", "o"): "ltd",
    ("gesellschaft", "mit", "beschrankter", "haftung"): "gmbh",
    ("obshchestvo", "s", "ogranichennoy", "otvetstvennostyu"): "llc",
    ("aktsionernoe", "obshchestvo"): "jsc",
    ("publichnoe", "aktsionernoe", "obshchestvo"): "jsc",
    ("otkrytoe", "aktsionernoe", "obshchestvo"): "jsc",
    ("zakrytoe", "aktsionernoe", "obshchestvo"): "jsc",
    ("limited", "partnership"): "lp",
    ("joint", "stock", "co"): "jsc",
    ("limited", "liability", "co"): "llc",
    ("united", "states", "of", "america"): "us",
    ("united", "states"): "us",
    ("united", "kingdom"): "uk",
    ("great", "britain"): "uk",
}
ALIKE: Final = {
    "limited": "ltd",
    "ltda": "ltd",
    "limitada": "ltd",
    "lda": "ltd",
    "pte": "ltd",
    "pvt": "ltd",
    "incorporated": "inc",
    "corporation": "corp",
    "company": "co",
    "compania": "co",
    "compagnie": "co",
    "cia": "co",
    "aktiengesellschaft": "ag",
    "oao": "jsc",
    "pao": "jsc",
    "zao": "jsc",
    "ao": "jsc",
    "pjsc": "jsc",
    "ojsc": "jsc",
    "cjsc": "jsc",
    "pjs": "jsc",
    "ooo": "llc",
    "fze": "fz",
    "fzc": "fz",
    "fzco": "fz",
    "sirketi": "co",
    "aktiengeselschaft": "ag",
    "aktsiengesellschaft": "ag",
    "incorporation": "inc",
    "comp": "co",
    "coy": "co",
    "private": "ltd",
    "pty": "ltd",
    "intl": "international",
    "organisation": "organization",
    "centre": "center",
    "univ": "university",
    "inst": "institute",
    "govt": "government",
    "dept": "department",
    "mfg": "manufacturing",
    "mgmt": "management",
    "bros": "brothers",
    "assn": "association",
    "natl": "national",
    "usa": "us",
    "number": "no",
    "nr": "no",
    "y": "and",
    "et": "and",
    "und": "and",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "first": "1",
    "1st": "1",
    "second": "2",
    "2nd": "2",
    "third": "3",
    "3rd": "3",
}
LEGAL_FORMS: Final = frozenset(
    _spaced(
        "ltd llc inc corp co sa jsc gmbh ag bv nv plc llp lp spa srl sarl as kg oy "
        "ab aps sas fz cv scs sc sl eirl est kft doo dd ad ood kk pt tbk bhd sdn"
    )
)
TITLES: Final = frozenset(
    _spaced(
        "mr mrs ms dr prof professor eng hajji haji hadji haj hajj mullah mulla "
        "maulavi mawlawi maulawi sheikh shaykh shaikh sayyid sayed seyyed general "
        "gen colonel col captain capt brigadier lieutenant lt major maj admiral sir "
        "dame hon rev father don dona senor herr frau mme hafiz qari ustad ayatollah "
        "president minister prince princess king queen senator ambassador chairman "
        "judge marshal commander emir imam"
    )
)
PARTICLES: Final = frozenset(
    _spaced(
        "al el ul ud as ash an at bin ben ibn bint de da do dos das del della di du "
        "la le las los van von der den ter ten zu and the of for in a y"
    )
)

# Short forms by which people go, each row one name; from general usage in English,
# Russian, Spanish, German and Italian. Cognates of different languages are not short
# forms and stand apart.
_SHORT_FORMS: Final = """
alexander alex sasha alec sandy; alexandra alex sasha sandra; aleksandr sasha alik
alfred fred alf; andrew andy drew; anthony tony; antonio tono toni; benjamin ben benny
barbara barb babs; bernard bernie; boris borya; catherine cathy kate kathy katie
charles charlie chuck; christopher chris kit; christina chris tina; daniel dan danny
david dave davey; deborah deb debbie; dmitry dima mitya; donald don donnie
dorothy dot dolly; edward ed eddie ted ned; elizabeth liz beth betty lizzie eliza
evgeny zhenya; yevgeny zhenya; ekaterina katya; francis frank; francisco paco pancho
franklin frank; frederick fred freddy; friedrich fritz; gabriel gabe; gerald gerry jerry
gregory greg; grigory grisha; gennady gena; harold harry hal; henry harry hank hal
heinrich heinz; ignacio nacho; ivan vanya; jacob jake; james jim jimmy jamie
jeffrey jeff; geoffrey geoff jeff; jeremiah jerry; jesus chucho; jennifer jen jenny
johannes hans; john jack johnny; jonathan jon; joseph joe joey; jose pepe; josef sepp
joshua josh; judith judy; katherine kate kathy katie; kenneth ken kenny
konstantin kostya; lawrence larry; leonard len lenny; leonid lyonya; leopold leo
ludmila lyuda; manuel manolo; margaret maggie meg peggy; maria masha; martin marty
matthew matt; maximilian max; maxim max; michael mike mick mickey; mikhail misha
natalia natasha; nathaniel nate nat; nicholas nick; nikolai kolya; oleg olezhka
patricia pat patty trish; patrick pat paddy; pavel pasha; peter pete; pyotr petya
philip phil; raymond ray; rebecca becky; richard rick dick rich ricky; robert bob rob
bobby robbie bert; roberto beto; ronald ron ronnie; samuel sam sammy; sergei seryozha
sergey seryozha; stanislav stas; stephen steve; steven steve; susan sue susie
svyatoslav slava; tatiana tanya; theodore ted theo teddy; thomas tom tommy
timothy tim timmy; victor vic; vladimir volodya vova; volodymyr volodya
vladislav vlad slava; vyacheslav slava; walter walt; william bill will billy willy liam
yuri yura; zachary zach; giuseppe beppe; giovanni gianni; luis lucho; enrique quique
eduardo lalo; guillermo memo; rafael rafa; alberto beto; gustavo tavo; salvador chava
"""


def _short_forms() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for row in _SHORT_FORMS.replace("\n", ";").split(";"):
        full, *short = row.split() or [""]
        for name in short:
            table[name] = table.get(name, frozenset()) | {full}
    return table


# A short form -> the names it stands for.
SHORT_FORMS: Final = _short_forms()
# Not vi and xi, which are family names, nor one letter, which is an initial.
NUMERALS: Final = {
    "ii": 2, "iii": 3, "iv": 4, "vii": 7, "viii": 8, "ix": 9, "xii": 12, "xiii": 13,
    "xiv": 14, "xv": 15, "xvi": 16, "xvii": 17, "xviii": 18, "xix": 19, "xx": 20,
}  # fmt: skip
TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
# Between a person and the father.
PATRONYMICS: Final = frozenset({"bin", "ben", "ibn", "bint"})
# Particles that are also names of their own, so light only beside two other words.
DOUBTFUL_PARTICLES: Final = frozenset(
    _spaced("an do da as at la in di le los las ten ter y a ash du")
)
# What tells branches of one house apart.
PLACES: Final = frozenset(
    _spaced(
        "afghanistan africa algeria america american argentina asia asian atlanta "
        "australia austria baghdad bahrain bangladesh beijing beirut belarus "
        "belgium berlin bolivia boston brasil brazil britain british bulgaria burma "
        "cairo canada caribbean caucasus chicago chile china chinese colombia "
        "cologne crimea croatia cuba cyprus czech damascus dalian deutschland "
        "denmark dubai east eastern ecuador egypt emirates england espana estonia "
        "ethiopia europe european far finland france frankfurt french geneva "
        "georgia german germany ghana gibraltar greece guatemala gulf hamburg "
        "havana holland hong hungary iceland india indonesia iran iraq ireland "
        "isfahan israel istanbul italia italy japan jordan kazakhstan kenya kiev "
        "korea kuwait kyiv latin latvia lebanon liberia libya lithuania london "
        "luxembourg macau madrid malaysia malta mashhad mexico middle milan minsk "
        "monaco mongolia morocco moscow munich myanmar namibia nederland "
        "netherlands nigeria north northern norway ohio oman osterreich osaka "
        "pakistan palestine panama paris pacific peru philippines poland portugal "
        "prague pyongyang qatar romania russia russian saudi schweiz scotland "
        "serbia shanghai shenzhen siberia singapore slovakia slovenia somalia south "
        "southern spain sudan suisse sweden switzerland sydney syria taiwan "
        "tanzania tehran texas thailand tokyo tripoli tunisia turkey turkiye uganda "
        "uk ukraine us uruguay uzbekistan venezuela vienna vietnam wales west "
        "western yemen zambia zimbabwe zurich"
    )
)
# Names that very many people bear, from general knowledge of census lists: a sanctions
# list alone does not tell that they are common.
COMMON_NAMES: Final = frozenset(
    _spaced(
        "aaron abbas abdul abdullah adam ahmad ahmadi ahmed alexander ali amina "
        "amir amit ana anderson andrea andrei anna antonio aziz bernard bilal brown "
        "carlos carmen charles chen daniel das david davies davis demir diallo diaz "
        "dmitry dubois edward elena emma ernesto evans fatima fernandez ferrari "
        "fischer francisco garcia george gomez gonzalez grace gupta habib haddad "
        "hamid hans hansen hassan hernandez hiroshi horvat hossein hosseini huang "
        "hussain hussein ibrahim igor imran ingrid irina ismail ivan ivanov ivanova "
        "jack james jan jane jansen jean jensen jimenez jing johansson john johnson "
        "jones jorge jose joseph juan karim karimi kaya khalid khan khoury kim "
        "klaus kovalenko kowalski kumar kuznetsov kwame lars larsen laura lee leila "
        "lewis li liu lopez luis mahmoud malik mansour marco maria marie mark "
        "martin martinez mary mehmet mendoza mensah michael miguel miller min ming "
        "mohamed mohammad mohammadi mohammed morales moreno muhammad muller mustafa "
        "nadia nasser natalia nguyen novak nowak okafor olga omar park patel paul "
        "pavlov pedro perez peter petrov petrova pierre piotr popov popova priya "
        "rahman raj ramirez ramos raza reza robert rodriguez romero rossi ruiz "
        "russo saeed said salah saleh samuel sanchez sanjay santos sarah sato "
        "schmidt sergei sergey sharma shevchenko silva singh smirnov smirnova smith "
        "sofia suzuki sven syed tanaka tariq taylor thomas torres tran traore "
        "vasquez viktor virtanen vladimir volkov volkova wang weber wei williams "
        "wilson yang yilmaz yuki yusuf zahra zhang zhao"
    )
)
