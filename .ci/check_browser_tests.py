"""Fail unless browser tests ran and none was skipped: ``check_browser_tests.py JUNIT_XML …``."""

import sys
import xml.etree.ElementTree as ET

cases = [
    case
    for report in sys.argv[1:]
    for case in ET.parse(report).iter("testcase")
    if "tests.browser" in case.get("classname", "")
]
skipped = [case.get("name") for case in cases if case.find("skipped") is not None]
if not cases or skipped:
    sys.exit(f"browser tests must run: {len(cases)} reported, skipped: {skipped}")
print(f"{len(cases)} browser tests ran, none was skipped")
