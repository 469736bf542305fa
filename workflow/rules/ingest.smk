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
    threads: needs("ingest", "threads")
    resources:
        mem_mb=needs("ingest", "mem_mb"),
        runtime=needs("ingest", "runtime"),
    params:
        digest=digest("ingest"),
    shell:
        "python -m elsewhere ingest {wildcards.site} --expect {params.digest} > {log} 2>&1"
