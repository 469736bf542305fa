rule prepare:
    input:
        inputs("prepare"),
    output:
        "data/inputs/{input}/{site}/index.parquet",
    log:
        "logs/prepare/{input}/{site}.log",
    conda:
        "../../envs/imaging.yaml"
    threads: needs("prepare", "threads")
    resources:
        mem_mb=needs("prepare", "mem_mb"),
        runtime=needs("prepare", "runtime"),
    params:
        digest=digest("prepare"),
    shell:
        "python -m elsewhere prepare {wildcards.input} {wildcards.site} --expect {params.digest} > {log} 2>&1"
