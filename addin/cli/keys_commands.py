"""`qingdan keys`: keys for signed manifests."""

from pathlib import Path
from typing import Annotated

import typer

from addin.cli.help_page import SPECIAL
from addin.cli.parameters import AsJson
from addin.cli.registry import Commands

commands = Commands(heading=SPECIAL)


@commands("keys")
def keys(
    *,
    out: Annotated[Path, typer.Option("--out", metavar="文件夹", help="私钥和公钥放在哪个文件夹。")],
    sm2: Annotated[bool, typer.Option("--sm2", help="用国密算法，供有此要求的单位。")] = False,
    as_json: AsJson = False,
) -> int:
    """生成签名用的一对钥匙：私钥自己留着，公钥交给审计方。

    例：qingdan keys --out 钥匙
    口令在终端里输入，或放在环境变量 QINGDAN_PASSPHRASE 里，从不写在命令里。
    """

    from addin.cli.terminal import show
    from addin.office.signing import keys
    from validators.audit.signature import ED25519, SM2

    return show(keys(out, SM2 if sm2 else ED25519), as_json=as_json)
