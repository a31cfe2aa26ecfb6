"""The ribbon tab of Excel and WPS, made of the declared buttons (schema: [MS-CUSTOMUI], of Office 2007, which WPS takes, too)."""

from xml.sax.saxutils import quoteattr

from addin.pane.buttons import BUTTONS, Button

NAMESPACE = "http://schemas.microsoft.com/office/2006/01/customui"
TAB_KEY = "K"
"""Alt+Q is the search box of Excel since 2016."""
CALLBACKS = ("OnLoad", "OnPress", "OnToggle", "GetPressed")
"""What the add-in answers to (`installer/ribbon/addin.c`)."""
TOGGLE = "live"
"""The button that stays down."""
NOT_STARTED = "清单程序没有启动。表格不受影响。请执行 qingdan addin repair excel，或重新安装清单助手，再按一次按钮。"
NO_ANSWER = "清单程序没有应答。表格不受影响。请再按一次按钮；还不行，请在任务管理器里结束 pythonw.exe 后再试。"
"""What the add-in says by itself, where the program cannot."""


def ribbon() -> str:
    """The XML that the application asks the add-in for."""
    groups = {
        "填报": [one for one in BUTTONS if one.over == "sheet"],
        "市办": [one for one in BUTTONS if one.over != "sheet"],
    }
    inner = "".join(
        f'<group id="qingdanGroup{number}" label={quoteattr(label)}>{"".join(map(_button, buttons))}</group>'
        for number, (label, buttons) in enumerate(groups.items(), 1)
    )
    return (
        f'<customUI xmlns="{NAMESPACE}" onLoad="OnLoad"><ribbon><tabs>'
        f'<tab id="qingdanTab" label="清单" keytip="{TAB_KEY}">{inner}</tab></tabs></ribbon></customUI>'
    )


def _button(one: Button) -> str:
    kind, calls = (
        ("toggleButton", {"onAction": "OnToggle", "getPressed": "GetPressed"})
        if one.id == TOGGLE
        else ("button", {"onAction": "OnPress"})
    )
    said = {
        "id": one.id,
        "label": one.label,
        "size": "large",
        "imageMso": one.icon,
        "keytip": one.key,
        "screentip": one.label,
        "supertip": one.about,
        **calls,
    }
    return f"<{kind} {' '.join(f'{name}={quoteattr(value)}' for name, value in said.items())}/>"
