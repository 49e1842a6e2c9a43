"""Layouts for the terminal: tables, trees and notes made of rows. No SQL, no command."""
