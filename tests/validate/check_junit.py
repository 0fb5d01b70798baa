#!/usr/bin/env python3
"""check_junit.py SCHEMA.xsd FILE - reads FILE with Python's XML parser and holds it against the part of XML Schema
that SCHEMA uses: elements, their order and number, attributes, text. Prints `cases failures errors`."""
import sys
import xml.etree.ElementTree as ET

XS = "{http://www.w3.org/2001/XMLSchema}"


def number(text):
    return float("inf") if text == "unbounded" else int(text or 1)


class Schema:
    def __init__(self, root):
        self.types = {t.get("name"): t for t in root.findall(XS + "complexType")}
        self.roots = {e.get("name"): e for e in root.findall(XS + "element")}

    def type_of(self, element):
        inner = element.find(XS + "complexType")
        return inner if inner is not None else self.types.get(element.get("type"))

    def attributes(self, node, declared):
        known = {a.get("name"): a for a in declared}
        for name, value in node.attrib.items():
            assert name in known, f"{node.tag}: attribute {name}"
            if known[name].get("type") == "xs:positiveInteger":
                assert int(value) > 0, f"{node.tag}/@{name}: {value}"
        for name, a in known.items():
            assert a.get("use") != "required" or name in node.attrib, f"{node.tag}: {name} is missing"

    def check(self, node, element):
        kind = self.type_of(element)
        if kind is None:  # xs:string
            assert len(node) == 0 and not node.attrib, node.tag
            return
        simple = kind.find(XS + "simpleContent/" + XS + "extension")
        if simple is not None:
            assert len(node) == 0, f"{node.tag}: elements inside"
            self.attributes(node, simple.findall(XS + "attribute"))
            return
        assert not (node.text or "").strip(), f"{node.tag}: text inside"
        self.attributes(node, kind.findall(XS + "attribute"))
        group = next(g for g in (kind.find(XS + "sequence"), kind.find(XS + "choice")) if g is not None)
        particles = {e.get("name"): e for e in group}
        for child in node:
            assert child.tag in particles, f"{node.tag}: element {child.tag}"
            self.check(child, particles[child.tag])
        for name, particle in particles.items():
            limit = max(number(particle.get("maxOccurs")), number(group.get("maxOccurs")))
            assert len(node.findall(name)) <= limit, f"{node.tag}: too many {name}"


schema = Schema(ET.parse(sys.argv[1]).getroot())
root = ET.parse(sys.argv[2]).getroot()
schema.check(root, schema.roots[root.tag])
print(len(root.findall("testsuite/testcase")), len(root.findall(".//failure")), len(root.findall(".//error")))
