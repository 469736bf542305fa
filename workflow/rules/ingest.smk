rule ingest:
    input:
        inputs("ingest"),
    output:
        "data/scans/{site}/manifest.parquet",
        "data/scans/{site}/rejected.csv",
        "data/scans/{site}/account.json",
        "data/scans/{site}/profile.parquet",
    log:
        "logs/ingest/{site}.log",
    conda:
        "../../envs/imaging.yaml"
    params:
        digest=digest("ingest"),
    shell:
        "python -m elsewhere ingest {wildcards.site} --expect {params.digest} > {log} 2>&1"
