"""Intake: input files become accepted rows, rejected rows and receipts. Not here: observations made of the rows."""
