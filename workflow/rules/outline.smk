rule outline:
    input:
        inputs("outline"),
    output:
        "data/outlines/{input}/{site}/outlined.csv",
    log:
        "logs/outline/{input}/{site}.log",
    conda:
        "../../envs/imaging.yaml"
    threads: needs("outline", "threads")
    resources:
        mem_mb=needs("outline", "mem_mb"),
        runtime=needs("outline", "runtime"),
    params:
        digest=digest("outline"),
    shell:
        "python -m elsewhere outline {wildcards.input} {wildcards.site} --expect {params.digest} > {log} 2>&1"
