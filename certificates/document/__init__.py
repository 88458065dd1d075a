"""The document: an immutable certificate snapshot made into a signed PDF, and such a PDF verified.

Pure functions: no models, no database, no network, no settings but what is passed in. What is rendered depends on the
arguments alone, so that the same snapshot gives the same bytes (before the signature, which holds a moment).

- :mod:`~certificates.document.snapshot`: the data a certificate is made from, its canonical JSON and its hash
- :mod:`~certificates.document.render`: snapshot → PDF (WeasyPrint, PDF/A-3a, tagged, data attached)
- :mod:`~certificates.document.preview`, :mod:`~certificates.document.reading_copy`: prints that are no certificate
- :mod:`~certificates.document.sign`, :mod:`~certificates.document.keys`: PDF → signed PDF (PAdES B-B)
- :mod:`~certificates.document.verify`: signed PDF → whether and why (not) it is what its signer issued

Nothing is imported here: the web process reads snapshots without paying for WeasyPrint.
"""
