"""The suites by the names of their dialects."""

from largesse.conform.cases import Suite
from largesse.conform.suites.crmcom import CRMCOM
from largesse.conform.suites.intershop import INTERSHOP
from largesse.conform.suites.oracle import ORACLE
from largesse.conform.suites.valomnia import VALOMNIA

SUITES: dict[str, Suite] = {suite.dialect: suite for suite in (CRMCOM, INTERSHOP, ORACLE, VALOMNIA)}
