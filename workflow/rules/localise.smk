rule localise:
    input:
        inputs("localise"),
    output:
        "results/{study}/localised/{arm}/localised.json",
        "results/{study}/localised/{arm}/scans.csv",
        "results/{study}/localised/{arm}/examples.parquet",
    log:
        "logs/localise/{study}/{arm}.log",
    conda:
        "../../envs/torch.yaml"
    threads: needs("localise", "threads")
    resources:
        gpu=needs("localise", "gpu"),
        mem_mb=needs("localise", "mem_mb"),
        runtime=needs("localise", "runtime"),
    params:
        digest=digest("localise"),
    shell:
        "python -m elsewhere.drivers.gpu_slot {resources.gpu} python -m elsewhere localise {wildcards.study} {wildcards.arm} --expect {params.digest} > {log} 2>&1"
