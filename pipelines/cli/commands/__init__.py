"""The commands of gancheng, one file each. Each imports slow modules where it uses them."""
