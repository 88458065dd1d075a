"""The document: an immutable certificate snapshot made into a signed PDF, and such a PDF verified.

Pure functions: no models, no database, no settings but what is passed in, and no network but the servers that signing is
told to ask. What is rendered depends on the arguments alone, so that the same snapshot gives the same bytes (before the
signature, which holds a moment).

- :mod:`~certificates.document.snapshot`: the data a certificate is made from, its canonical JSON and its hash
- :mod:`~certificates.document.render`: snapshot → PDF (WeasyPrint, PDF/A-3a, tagged, data attached)
- :mod:`~certificates.document.preview`, :mod:`~certificates.document.reading_copy`: prints that are no certificate
- :mod:`~certificates.document.sign`, :mod:`~certificates.document.keys`: PDF → signed PDF (PAdES);
  :mod:`~certificates.document.services`, :mod:`~certificates.document.timestamp`, :mod:`~certificates.document.ltv`: the
  servers it asks
- :mod:`~certificates.document.verify`: signed PDF → whether and why (not) it is what its signer issued;
  ``datafile``, ``signers``, ``proof``, ``visible`` and ``verify_cli`` need nothing of the portal, and are the one-file script

Nothing is imported here: the web process reads snapshots without paying for WeasyPrint.
"""
