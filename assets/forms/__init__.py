"""Forms: what offices fill in and what they are asked for, made from the contracts and the current release.

Here: forms as workbooks, request packs, who owes what. Not here: how a filled form is read (assets.intake), and what is
published of it (assets.release). No stage knows this package.
"""
