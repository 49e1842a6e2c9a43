"""What is made: one package per stage, in the order in which the data flows through them.

reference -> intake -> observations -> scorecards -> quality -> release, all standing on warehouse.
"""
