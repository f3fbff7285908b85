"""Invented entries in the forms in which the EU and the UK publish their lists.

EU: FSF database, XML 1.1 (`xmlFullSanctionsList_1_1`); UK: FCDO, UK-Sanctions-List.xml.
"""

from __future__ import annotations

EU = """\
<?xml version="1.0" encoding="UTF-8"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export"
 generationDate="2026-05-08T14:10:07.000+02:00" globalFileId="160">
  <sanctionEntity designationDetails="" euReferenceNumber="EU.9001.1" logicalId="11">
    <regulation programme="TST"><publicationUrl/></regulation>
    <subjectType code="person" classificationCode="P"/>
    <nameAlias firstName="" lastName="" wholeName="Bashir" strong="false"/>
    <nameAlias firstName="Yusuf" middleName="Karim" lastName="Haddad" gender="M"
      wholeName="Yusuf Karim Haddad" strong="true"/>
    <nameAlias wholeName="يوسف كريم حداد" nameLanguage="AR" strong="true"/>
    <citizenship countryIso2Code="SY" countryDescription="SYRIA"/>
    <birthdate calendarType="GREGORIAN" birthdate="1968-02-04" year="1968"/>
    <birthdate calendarType="GREGORIAN" yearRangeFrom="1970" yearRangeTo="1971"/>
    <birthdate calendarType="ISLAMIC" year="1389"/>
    <address countryIso2Code="00" countryDescription="UNKNOWN"/>
    <identification identificationTypeCode="passport" number="N007711"
      countryIso2Code="SY" knownFalse="false"/>
    <identification identificationTypeCode="passport" number="FALSE-1"
      knownFalse="true"/>
  </sanctionEntity>
  <sanctionEntity logicalId="12">
    <subjectType code="enterprise" classificationCode="E"/>
    <nameAlias wholeName="Cedar Gate Trading" strong="true"/>
    <address countryIso2Code="LB"/>
  </sanctionEntity>
</export>
"""
UK = """\
<?xml version="1.0" encoding="utf-8"?>
<Designations>
  <DateGenerated>08/05/2026</DateGenerated>
  <Designation>
    <UniqueID>TST0001</UniqueID>
    <Names>
      <Name><Name6>Abu Salt</Name6><NameType>Alias</NameType>
        <AliasStrength>Low quality</AliasStrength></Name>
      <Name><Name1>Anton</Name1><Name2>Ilyich</Name2><Name6>VORONIN</Name6>
        <NameType>Primary name</NameType></Name>
    </Names>
    <NonLatinNames><NonLatinName>
      <NameNonLatinScript>Антон Ильич Воронин</NameNonLatinScript>
    </NonLatinName></NonLatinNames>
    <RegimeName>The Test Regulations 2026</RegimeName>
    <IndividualEntityShip>Individual</IndividualEntityShip>
    <Addresses><Address><AddressCountry>Belarus</AddressCountry></Address></Addresses>
    <IndividualDetails><Individual>
      <DOBs><DOB>dd/mm/1961</DOB><DOB>07/03/1962</DOB><DOB>dd/04/1963</DOB>
        <DOB>unknown</DOB></DOBs>
      <Genders><Gender>Male</Gender></Genders>
      <Nationalities><Nationality>Russia</Nationality></Nationalities>
      <PassportDetails><Passport><PassportNumber>75 0012</PassportNumber></Passport>
      </PassportDetails>
    </Individual></IndividualDetails>
  </Designation>
  <Designation>
    <UniqueID>TST0002</UniqueID>
    <Names><Name><Name6>GREY PETREL</Name6><NameType>Primary Name</NameType></Name>
    </Names>
    <IndividualEntityShip>Ship</IndividualEntityShip>
    <ShipDetails><Ship>
      <IMONumbers><IMONumber>9876543</IMONumber></IMONumbers>
    </Ship></ShipDetails>
  </Designation>
</Designations>
"""
