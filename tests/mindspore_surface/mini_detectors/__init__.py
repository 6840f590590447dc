"""Two small detectors in MindSpore style that hold what models trip over when they are ported."""
