"""Red flags in public procurement: OCDS releases in, reasons to look out."""
