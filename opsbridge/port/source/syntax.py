"""Small pieces of source."""

from __future__ import annotations

import libcst as cst

NO_SPACE = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
"""The `=` of an argument."""


def name(dotted: str) -> cst.BaseExpression:
    """A dotted name as source."""
    return cst.parse_expression(dotted)


def parenthesised(node: cst.BaseExpression) -> cst.BaseExpression:
    """An expression that an attribute or subscript may follow."""
    simple = cst.Name | cst.Attribute | cst.Call | cst.Subscript
    if isinstance(node, simple) or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
