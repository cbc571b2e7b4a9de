"""Modules whose METADATA or layout is easily read wrongly."""

TRICKY = {
    "plain": "# METADATA\n# title: a\n# description: b\npackage x\n\np := 1\n",
    "prefix": "# METADATA hello\n# title: a\npackage x\n\np := 1\n",
    "no_space": "#METADATA\n#title: a\npackage x\n\np := 1\n",
    "many_spaces": "#    METADATA\n# title: a\npackage x\n\np := 1\n",
    "indented": "  # METADATA\n  # title: a\npackage x\n\np := 1\n",
    "indented_body": "# METADATA\n# title: a\n  # description: b\npackage x\n\np := 1\n",
    "lower_case": "# metadata\n# title: a\npackage x\n\np := 1\n",
    "in_raw_string": "package x\n\np := `\n# METADATA\n# title: a\n`\n",
    "raw_string_then_rule": (
        "package x\n\np := `\n# METADATA\n# title: a`\n\n# METADATA\n# title: c\nq := 1\n"
    ),
    "string_with_hash": 'package x\n\np := "# METADATA"\n\nq := "\\"# METADATA" # METADATA\n',
    "two_blocks": (
        "# METADATA\n# title: a\n# scope: subpackages\n# METADATA\n# title: b\n"
        "package x\n\np := 1\n"
    ),
    "gap": "# METADATA\n# title: a\n\n# description: b\npackage x\n\np := 1\n",
    "license_above": "# Licence\n# METADATA\n# title: a\npackage x\n\np := 1\n",
    "words": (
        "# METADATA\n# title: yes\n# custom:\n#   a: yes\n#   b: on\n#   c: off\n#   d: y\n"
        "#   e: true\n#   f: False\n#   g: ~\n#   h:\n#   i: null\npackage x\n\np := 1\n"
    ),
    "dates": (
        "# METADATA\n# title: a\n# custom:\n#   a: 2026-01-02\n#   b: 2026-01-02T03:04:05Z\n"
        "#   c: 2026-1-2\n#   d: 12:30:45\n#   e: 2026-01-02 03:04:05\npackage x\n\np := 1\n"
    ),
    "numbers": (
        "# METADATA\n# title: a\n# custom:\n#   a: 1\n#   b: -1\n#   c: 1.5\n#   d: 1e3\n"
        "#   e: 0x1F\n#   f: 0o17\n#   g: 017\n#   h: 1_000\n#   i: .5\n#   j: 1.\n#   k: +3\n"
        "#   l: 0b101\n#   m: 1.2.3\n#   n: 12a\n#   o: -0b11\n#   p: 089\n#   q: 1e-2\n"
        "#   r: 9007199254740993\n#   s: '5'\n#   t: \"6\"\n#   u: 0.0\n#   v: 1.50\n"
        "package x\n\np := 1\n"
    ),
    "blocks_of_text": (
        "# METADATA\n# title: >\n#   folded\n#   text\n# description: |\n#   two\n#     rows\n#\n"
        "#   after a gap\n# custom:\n#   list: [a, 'b', \"c\"]\n#   nested:\n"
        "#   - x: 1\n#     y: [2]\n"
        "package x\n\np := 1\n"
    ),
    "carriage_returns": (
        "# METADATA\r\n# title: a\r\n# custom:\r\n#   b: c\r\npackage x\r\n\r\np := 1\r\n"
    ),
    "quoted_keys": (
        '# METADATA\n# "title": a\n# custom: {"b c": 1, \'d\': 2}\npackage x\n\np := 1\n'
    ),
    "explicit_text": "# METADATA\n# title: a\n# custom:\n#   a: !!str 5\npackage x\n\np := 1\n",
    "comment_in_yaml": "# METADATA\n# title: a # not this\n# # nor this\npackage x\n\np := 1\n",
    "rule_block": (
        "# METADATA\n# title: a\npackage x\n\n# METADATA\n# title: b\n# custom: {c: 1}\np := 1\n"
    ),
    "text_at_the_end": (
        "# METADATA\n# title: a\n# description: |\n#   last\n#   rows\npackage x\n\np := 1\n"
    ),
    "tabs": "# METADATA\n#\ttitle: a\npackage x\n\np := 1\n",
    "plain_comment_below": "# METADATA\n# title: a\n# A plain comment.\npackage x\n\np := 1\n",
    "key_twice": "# METADATA\n# title: a\n# title: b\npackage x\n\np := 1\n",
    "custom_key_twice": (
        "# METADATA\n# title: a\n# custom:\n#   b: 1\n#   b: 2\npackage x\n\np := 1\n"
    ),
    "empty": "# METADATA\n\npackage x\n\np := 1\n",
    "only_spaces": "# METADATA\n#\n#  \npackage x\n\np := 1\n",
    "number_key": "# METADATA\n# title: a\n# custom:\n#   b: {1: 2}\npackage x\n\np := 1\n",
}
"""By what they try. OPA refuses some of them."""
