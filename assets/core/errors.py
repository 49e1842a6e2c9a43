"""The catalogue of what can be wrong with the data, in Chinese and English, each with its remedy.

Here: every message that a person must act upon, and the two exceptions that carry them. Not here: how a fault is
found (the stage that finds it) or how it is shown (pipelines.cli.app).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of fault. Templates hold `{found}` and `{expected}` and nothing else, so that SQL can fill them too."""

    reason_zh: str
    reason_en: str
    remedy_zh: str
    remedy_en: str


MESSAGES: dict[str, Message] = {
    # --- a whole file of the inbox is refused -------------------------------------------------------------------
    "file_encoding_unknown": Message(
        "文件的编码既不是 UTF-8、UTF-16，也不是 GB18030：{found}",
        "The file is neither UTF-8 nor UTF-16 nor GB18030: {found}",
        "请在 Excel 中另存为“CSV UTF-8（逗号分隔）”或 xlsx 后重新放入",
        "Save it in Excel as “CSV UTF-8 (comma delimited)” or xlsx and send it again",
    ),
    "file_encoding_broken": Message(
        "文件是 UTF-8，但此行有损坏的字节：{found}",
        "The file is UTF-8, with a broken byte in this line: {found}",
        "请从原件重新导出；不要改动编码后再保存",
        "Export it anew from the original",
    ),
    "file_has_nul": Message(
        "文件中有空字节，不是文本文件",
        "The file holds NUL bytes: it is no text file",
        "请从原件重新导出为 CSV 或 xlsx",
        "Export it anew as CSV or xlsx",
    ),
    "line_too_long": Message(
        "此行长达 {found} 字节",
        "The line is {found} bytes long",
        "每行至多 {expected} 字节；请检查换行",
        "A line may have {expected} bytes; check the line ends",
    ),
    "too_many_columns": Message(
        "此表有 {found} 列",
        "The table has {found} columns",
        "至多 {expected} 列；请删去表外的列",
        "It may have {expected}; take out what is not part of the table",
    ),
    "file_too_large": Message(
        "文件有 {found} 字节",
        "The file has {found} bytes",
        "至多 {expected} 字节；请拆成几个文件，或在 limits.yml 中放宽",
        "It may have {expected}; split it, or raise the limit in limits.yml",
    ),
    "workbook_too_large": Message(
        "工作簿展开后过大：{found}",
        "The workbook is too large when unpacked: {found}",
        "上限为 {expected}；请只保留数据区域，或另存为 CSV",
        "The limit is {expected}; keep the table alone, or save it as CSV",
    ),
    "too_many_sheets": Message(
        "工作簿有 {found} 个工作表",
        "The workbook has {found} sheets",
        "至多 {expected} 个；请拆成几个文件",
        "It may have {expected}; split it",
    ),
    "workbook_unreadable": Message(
        "工作簿无法打开：{found}",
        "The workbook cannot be opened: {found}",
        "请取消密码，在 Excel 中另存为 xlsx 后重新放入",
        "Take the password off, save it in Excel as xlsx and send it again",
    ),
    "file_empty": Message(
        "文件中没有表头",
        "The file has no header row",
        "第一行须为表头：{expected}",
        "The first row must hold the headers: {expected}",
    ),
    "file_kind_unknown": Message(
        "不能读取此类文件：{found}",
        "Files of this kind are not read: {found}",
        "请另存为 {expected} 后重新放入",
        "Save it as {expected} and send it again",
    ),
    "file_is_link": Message(
        "这是一个链接，不是文件",
        "This is a link, not a file",
        "请放入文件本身",
        "Put the file itself into the inbox",
    ),
    "file_passed_over": Message(
        "隐藏文件和 Office 锁定文件不会被读取：{found}",
        "Hidden files and the lock files of Office are passed over: {found}",
        "请关闭文件后，发送文件本身",
        "Close the file and send the file itself",
    ),
    "file_unreadable": Message(
        "这不是可以读取的普通文件",
        "This is no ordinary file that can be read",
        "请放入文件本身，并检查它的读取权限",
        "Put the file itself into the inbox, and check that it may be read",
    ),
    "dataset_unknown": Message(
        "收件箱中没有名为“{found}”的数据集",
        "The inbox has no dataset “{found}”",
        "请把文件放入以下目录之一：{expected}",
        "Put the file into one of these folders: {expected}",
    ),
    "header_unknown": Message(
        "不认识的表头“{found}”",
        "Unknown header “{found}”",
        "最接近的是“{expected}”；请改正表头或删去该列",
        "The nearest known one is “{expected}”; correct the header or take the column out",
    ),
    "header_doubled": Message(
        "表头“{found}”重复出现",
        "The header “{found}” occurs twice",
        "“{expected}”只能有一列，请删去一列",
        "“{expected}” may have one column only; take one out",
    ),
    "header_unit": Message(
        "表头中的单位“{found}”不能换算为此列的单位",
        "The unit “{found}” in the header cannot be converted to that of the column",
        "应为“{expected}”或同类单位；请核对此列是否填错",
        "It must be “{expected}” or a unit of that kind; check whether this is the right column",
    ),
    "tables_side_by_side": Message(
        "同一工作表中左右并排了两个表",
        "Two tables stand side by side",
        "请把右边的表移到左边的表下面，只留一行表头",
        "Move the right one below the left one and keep one row of headers",
    ),
    "header_missing": Message(
        "缺少必填列“{found}”",
        "The required column “{found}” is missing",
        "请补上此列：{expected}",
        "Add the column: {expected}",
    ),
    # --- a row is rejected --------------------------------------------------------------------------------------
    "row_broken": Message(
        "此行的引号不成对或单元格过长：{found}",
        "The row has an unbalanced quote or an overlong cell: {found}",
        "请检查此行的引号",
        "Check the quotes in this row",
    ),
    "row_cell_count": Message(
        "此行有 {found} 个单元格",
        "The row has {found} cells",
        "应与表头一致，共 {expected} 个；请检查多余或缺少的逗号",
        "The header has {expected}; look for a comma too many or too few",
    ),
    "cell_missing": Message(
        "必填单元格为空",
        "A required cell is empty",
        "请填写：{expected}",
        "Fill it in: {expected}",
    ),
    "city_unknown": Message(
        "不认识的地名“{found}”",
        "Unknown place “{found}”",
        "如指“{expected}”，请改写为该名称；本表只收登记在册的城市",
        "If “{expected}” is meant, write that; only the registered cities are taken",
    ),
    "place_homophone": Message(
        "“{found}”可指不同省份的几个城市",
        "“{found}” may be cities of several provinces",
        "请写汉字名称、六位行政区划代码，或在前面写上省名",
        "Write the Chinese name, the six-digit code, or the province before it",
    ),
    "place_code_differs": Message(
        "地名“{found}”与行政区划代码“{expected}”不是同一个地方",
        "The place “{found}” and the code “{expected}” are not one place",
        "请改正其中一个",
        "Correct one of the two",
    ),
    "county_not_city": Message(
        "“{found}”是县（市、区），不是设区市",
        "“{found}” is a county or district, not a city",
        "本表填设区市（{expected}）的数字；县级数字请勿填入",
        "Give the figure of the city ({expected}), not of one of its counties",
    ),
    "header_scope": Message(
        "此行的口径“{found}”与表头所写的口径不同",
        "The scope “{found}” of the row is not the one in the header",
        "表头写的是“{expected}”；请改正口径，或把其他口径的数字放入另一个表",
        "The header says “{expected}”; correct the scope, or give figures of other scopes in a table of their own",
    ),
    "text_damaged": Message(
        "“{found}”中有丢失或无法显示的字符",
        "“{found}” holds lost or private characters",
        "请从原件重新填写此单元格",
        "Fill in this cell anew from the original",
    ),
    "cell_without_header": Message(
        "“{found}”所在的列没有表头",
        "“{found}” stands in a column without a header",
        "请补上表头，或删去此单元格",
        "Give the column a header, or take the cell out",
    ),
    "number_approximate": Message(
        "“{found}”不是准确数字，此列不收约数",
        "“{found}” is approximate, and this column takes exact figures",
        "请填写准确数字，例如 {expected}",
        "Write the exact figure, for example {expected}",
    ),
    "number_unreadable": Message(
        "“{found}”不是数字",
        "“{found}” is not a number",
        "请填写阿拉伯数字，例如 {expected}",
        "Write digits, for example {expected}",
    ),
    "integer_expected": Message(
        "“{found}”不是整数",
        "“{found}” is not a whole number",
        "此列是计数，请填写整数",
        "This column is a count; write a whole number",
    ),
    "number_below_minimum": Message(
        "{found} 低于下限",
        "{found} is below the lower limit",
        "不得小于 {expected}；请核对数值和单位",
        "It must be at least {expected}; check the figure and its unit",
    ),
    "number_above_maximum": Message(
        "{found} 高于上限",
        "{found} is above the upper limit",
        "不得大于 {expected}；请核对数值和单位",
        "It must be at most {expected}; check the figure and its unit",
    ),
    "date_unreadable": Message(
        "“{found}”不是完整日期",
        "“{found}” is not a complete date",
        "请写出年月日，例如 {expected}",
        "Write year, month and day, for example {expected}",
    ),
    "boolean_unreadable": Message(
        "“{found}”既不是“是”也不是“否”",
        "“{found}” is neither yes nor no",
        "请填写 {expected}",
        "Write {expected}",
    ),
    "value_not_allowed": Message(
        "“{found}”不在允许的取值之内",
        "“{found}” is not one of the allowed values",
        "可填：{expected}",
        "Allowed: {expected}",
    ),
    "reference_unknown": Message(
        "“{found}”没有登记",
        "“{found}” is not registered",
        "须是 {expected} 中已登记的代码；请改正，或先登记",
        "It must be registered in {expected}; correct it, or register it first",
    ),
    "unit_differs": Message(
        "“{found}”的单位不能换算为此指标的单位",
        "The unit of “{found}” cannot be converted to that of the indicator",
        "请按“{expected}”填写",
        "Give the figure in “{expected}”",
    ),
    "key_repeated": Message(
        "此行与第 {found} 行内容相同",
        "The row repeats line {found}",
        "已采用第一次出现的行；请删去重复的行（关键列：{expected}）",
        "The first one was taken; take the repeat out (key: {expected})",
    ),
    "key_conflict": Message(
        "此行与第 {found} 行关键列相同而数值不同，均未采用",
        "The row and line {found} have one key and different values; neither was taken",
        "请确认哪一行正确，只保留一行（关键列：{expected}）",
        "Decide which is right and keep one (key: {expected})",
    ),
    # --- a reference table or a contract is broken: the run stops -----------------------------------------------
    "detector_parameters": Message(
        "检测器的参数不全或多余：{found}",
        "A detector has too few or too many parameters: {found}",
        "请登记且只登记：{expected}",
        "List these and no others: {expected}",
    ),
    "block_shifted": Message(
        "整块错行，已扣留，其余照常发布：{found}",
        "A block is shifted by a row; it is held back and the rest is released: {found}",
        "请核对这些行，更正后重新放入；各行应有的数字见 {expected}",
        "Check these lines, correct them and send the file again; what each should be is in {expected}",
    ),
    "table_missing": Message(
        "缺少参考表“{found}”",
        "The reference table “{found}” is missing",
        "请放入此文件，表头为：{expected}",
        "Add the file, with the header: {expected}",
    ),
    "table_header": Message(
        "参考表的表头不对：{found}",
        "The header of the reference table is wrong: {found}",
        "表头应为：{expected}",
        "The header must be: {expected}",
    ),
    "type_wrong": Message(
        "“{found}”的类型不对",
        "“{found}” has the wrong type",
        "此列应为 {expected}",
        "The column holds {expected}",
    ),
    "foreign_key": Message(
        "“{found}”在被引用的表中不存在",
        "“{found}” does not exist in the table it refers to",
        "须是 {expected} 中的值；请改正其中一处",
        "It must be a value of {expected}; correct one of the two",
    ),
    "key_doubled": Message(
        "主键“{found}”出现两次",
        "The key “{found}” occurs twice",
        "{expected} 须唯一；请删去或改正一行",
        "{expected} must be unique; take out or correct one row",
    ),
    "alias_target": Message(
        "写法“{found}”没有恰好对应一个地方",
        "The alias “{found}” does not name exactly one place",
        "{expected} 须填且只填一个",
        "Fill in exactly one of {expected}",
    ),
    "alias_ambiguous": Message(
        "写法“{found}”指向两个地方",
        "“{found}” names two places",
        "请删去其中一个：{expected}",
        "Take one of them out: {expected}",
    ),
    "indicator_in_two_dimensions": Message(
        "指标“{found}”出现在两个维度中",
        "The indicator “{found}” stands in two dimensions",
        "一个指标只能在一个维度中计分：{expected}",
        "An indicator scores in one dimension only: {expected}",
    ),
    "target_operator": Message(
        "比较关系“{found}”与目标种类不符",
        "The operator “{found}” does not fit the kind of the target",
        "应为其中之一：{expected}",
        "Use one of: {expected}",
    ),
    "target_range": Message(
        "目标的上端“{found}”与目标种类不符",
        "The high end “{found}” does not fit the kind of the target",
        "区间目标（且只有区间目标）须有上端，且不低于下端：{expected}",
        "A range, and nothing else, has a high end, not below its low end: {expected}",
    ),
    "profile_shape": Message(
        "累计目标“{found}”的进度安排不完整",
        "The profile of the cumulative target “{found}” is not whole",
        "应从 0 开始、逐年不减、在目标年份为 1：{expected}",
        "It starts at 0, never falls, and is 1 in the year of the target: {expected}",
    ),
    "goalposts_order": Message(
        "标尺的次序与方向不符：{found}",
        "The goalposts run against the direction: {found}",
        "{expected}",
        "{expected}",
    ),
    "goalposts_incomplete": Message(
        "标尺不完整：{found}",
        "The goalposts are incomplete: {found}",
        "须填 floor 与 upper，或 range_low、range_high 与 width",
        "Fill in floor and upper, or range_low, range_high and width",
    ),
    "indicator_without_measure": Message(
        "指标“{found}”不对应任何措施",
        "The indicator “{found}” speaks for no measure",
        "请在 {expected} 中补上对应关系",
        "Add it to {expected}",
    ),
    "measure_without_indicator": Message(
        "措施“{found}”没有任何指标",
        "The measure “{found}” has no indicator",
        "请在 {expected} 中补上至少一个指标",
        "Give it at least one in {expected}",
    ),
    "indicator_dataset": Message(
        "指标“{found}”所属的数据集没有合同",
        "No contract carries the indicator “{found}”",
        "请在 {expected} 中补上，或改正 indicators.csv 的 dataset 列",
        "Add it to {expected}, or correct the dataset column of indicators.csv",
    ),
    "indicator_unit": Message(
        "目标的单位“{found}”与指标的单位不同",
        "The target's unit “{found}” differs from the indicator's",
        "请换算为“{expected}”",
        "Convert it to “{expected}”",
    ),
    "target_cities": Message(
        "目标“{found}”的适用城市不对",
        "The cities of the target “{found}” are wrong",
        "{expected}",
        "{expected}",
    ),
    "method_rows": Message(
        "method.csv 有 {found} 行",
        "method.csv has {found} rows",
        "应恰为 {expected} 行",
        "It must have exactly {expected}",
    ),
    "limits_unreadable": Message(
        "限额无法读取：{found}",
        "The limits cannot be read: {found}",
        "{expected}",
        "{expected}",
    ),
    "contract_unreadable": Message(
        "合同无法读取：{found}",
        "The contract cannot be read: {found}",
        "{expected}",
        "{expected}",
    ),
    "contract_indicator": Message(
        "合同提到未登记的指标“{found}”",
        "The contract names the unknown indicator “{found}”",
        "最接近的登记指标是“{expected}”；请改正合同，或在 indicators.csv 中登记",
        "The nearest registered one is “{expected}”; correct the contract, or register it in indicators.csv",
    ),
    "contract_model": Message(
        "数据集“{found}”没有转换为观测值的 SQL 文件",
        "The dataset “{found}” has no SQL that turns its rows into observations",
        "请添加 {expected}",
        "Add {expected}",
    ),
    # --- a correction is broken, or its source has changed under it: the run stops --------------------------------
    "correction_unreadable": Message(
        "更正无法读取：{found}",
        "The correction cannot be read: {found}",
        "写法见 {expected}",
        "How to write one: {expected}",
    ),
    "correction_missing": Message(
        "找不到更正所指的数字：{found}，原为 {expected}",
        "The figure of the correction is not there: {found}, expected {expected}",
        "请核对城市、指标、年份、口径及来源；来源已无此数字的，请删去此条",
        "Check city, indicator, year, scope and source; take the entry out where its source no longer has the figure",
    ),
    "correction_changed": Message(
        "来源已变：{found}，更正所指的是 {expected}",
        "The source has changed: {found}; the correction expects {expected}",
        "请核对来源，再改写或删去此条；只更正某一文件某一行的，请写明 file_sha256 和 line",
        "Look at the source, then renew the entry or take it out; to correct one line alone, give file_sha256 and line",
    ),
    "correction_doubled": Message(
        "同一数字有两条更正：{found}",
        "The figure has two corrections: {found}",
        "只能保留一条；另有：{expected}",
        "Keep one of them; the other: {expected}",
    ),
    # --- the candidate does not pass its audit: the current release stays ---------------------------------------
    "check_failed": Message(
        "检查未通过：{found}",
        "A check failed: {found}",
        "应满足：{expected}；现行发布保持不变",
        "Expected: {expected}; the current release stays as it is",
    ),
    # --- the installation is ill: gancheng doctor, or a run that could not go on --------------------------------
    "made_by_newer": Message(
        "由更新的程序写成（版本 {found}），本程序只认到 {expected}",
        "It was written by a newer program (version {found}); this one knows up to {expected}",
        "请升级赣城后再运行；数据未被改动",
        "Upgrade Gancheng and run again; nothing was changed",
    ),
    "version_unreadable": Message(
        "版本号不可读：“{found}”",
        "The version cannot be read: “{found}”",
        "请从备份恢复此文件；若一直由本程序使用，内容应为 {expected}",
        "Restore the file from a backup; where only this program was ever used, it holds {expected}",
    ),
    "receipt_broken": Message(
        "回执损坏，文件 {found} 何时收到已不可知",
        "A receipt is broken: when the file {found} arrived is no longer known",
        "请从备份恢复此回执；没有备份时，删除它，把 archive 中同名的文件放回收件箱（将记为今天收到），再运行",
        "Restore it from a backup; without one delete it, put the file of that name in the archive back into the inbox "
        "(it will count as received today) and run again",
    ),
    "results_lost": Message(
        "读取结果缺失或不完整",
        "The results of reading a file are gone or cut off",
        "请运行 gancheng run，会从 archive 重新读取",
        "Run: gancheng run; it reads the file again from the archive",
    ),
    "archive_lost": Message(
        "存档中没有此文件的原件：{found}",
        "The archive no longer has the bytes of this file: {found}",
        "请从备份恢复 archive，或把原文件重新放入收件箱",
        "Restore the archive from a backup, or put the file into the inbox again",
    ),
    "archive_changed": Message(
        "存档中的原件与收到时大小不同：{found}",
        "A file of the archive has another size than when it arrived: {found}",
        "请从备份恢复此文件",
        "Restore it from a backup",
    ),
    "disk_full": Message(
        "磁盘已满：{found}",
        "The disk is full: {found}",
        "请腾出空间后再运行（gancheng prune --keep 12 删除旧发布）；现行发布和已收到的文件完好",
        "Make room and run again (gancheng prune --keep 12 takes old releases away); the current release and all that "
        "arrived are whole",
    ),
    "disk_fails": Message(
        "磁盘写入失败：{found}",
        "The disk failed to write: {found}",
        "多为磁盘已满：请用 gancheng doctor 查看并腾出空间；若空间充足，请检查磁盘本身。现行发布完好",
        "Most often it is full: see gancheng doctor, and make room; where there is room, have the disk looked at. The "
        "current release is whole",
    ),
    "disk_nearly_full": Message(
        "磁盘只剩 {found} MB",
        "The disk has {found} MB left",
        "下一次运行约需 {expected} MB；请腾出空间，或用 gancheng prune --keep 12 删除旧发布",
        "The next run needs about {expected} MB; make room, or take old releases away: gancheng prune --keep 12",
    ),
    "folder_unreadable": Message(
        "不能读取此目录",
        "The folder cannot be read",
        "请让运行赣城的用户可以读取它：{expected}",
        "Let the user that runs Gancheng read it: {expected}",
    ),
    "state_open": Message(
        "其他用户可以进入此目录（权限 {found}）",
        "Other users may enter this folder (mode {found})",
        "请运行：chmod {expected}",
        "Run: chmod {expected}",
    ),
    "package_differs": Message(
        "{found} 不符合要求",
        "{found} is not as required",
        "要求 {expected}；请在项目目录运行 make clean run",
        "Required is {expected}; in the project's folder, run: make clean run",
    ),
    "half_done": Message(
        "中断的工作留下的半成品",
        "Left half done by work that was interrupted",
        "无害；下一次 gancheng run（旧发布则为 gancheng prune）会清除",
        "Harmless; the next gancheng run clears it away (of old releases, gancheng prune)",
    ),
    "current_lost": Message(
        "现行发布不存在：{found}",
        "The current release is not there: {found}",
        "请运行 gancheng run，会重新生成",
        "Run: gancheng run; it is made anew",
    ),
    "current_damaged": Message(
        "现行发布 {found} 与清单不符",
        "The current release {found} is not as its manifest says",
        "请运行 gancheng run，会从已收到的文件重新生成一个发布",
        "Run: gancheng run; a release is made anew from what has arrived",
    ),
    "dagster_broken": Message(
        "Dagster 的运行记录损坏：{found}",
        "Dagster's record of runs is broken: {found}",
        "请删除 state/dagster 后再运行；只失去运行历史，不失去任何数据",
        "Delete state/dagster and run again; the history of runs is lost, and no data",
    ),
    "clock_behind": Message(
        "有文件的收到时间在将来：{found}",
        "A file was received in the future: {found}",
        "请校正系统时间；新到的文件仍排在它之后",
        "Set the clock right; what arrives now still comes after it",
    ),
    # --- alerts: what is told of a run, and of the channels ------------------------------------------------------
    "rows_were_rejected": Message(
        "文件中有行被退回：{found}",
        "Rows of a file were rejected: {found}",
        "请按退回文件改正后重新报送：现行发布的 {expected}",
        "Mend them as the return file says and send them again: {expected} of the current release",
    ),
    "file_was_refused": Message(
        "文件被整个退回",
        "A file was refused as a whole",
        "请按下列原因改正后重新报送",
        "Mend it for the reasons below and send it again",
    ),
    "figures_late": Message(
        "逾期未报：{found}",
        "Overdue: {found}",
        "期限为 {expected}；请把文件放入此目录",
        "It was due on {expected}; put the file into this folder",
    ),
    "own_fault": Message(
        "运行因程序自身的错误而中断：{found}",
        "A run ended with a fault of Gancheng: {found}",
        "现行发布不受影响；请查看 state/logs，运行 gancheng doctor，并反馈",
        "The current release stays; look into state/logs, run gancheng doctor, and report it",
    ),
    "run_killed": Message(
        "一次运行中断，没有留下结束记录：{found}",
        "A run broke off and did not say how it ended: {found}",
        "现行发布不受影响，下一次运行会接着完成；请查明是谁或什么终止了它：内存不足、断电、人为终止",
        "The current release stays, the next run completes; find out what ended it: memory, power, or somebody",
    ),
    "run_failed": Message(
        "一次运行失败，未能说明原因：{found}",
        "A run failed and did not say why: {found}",
        "请在网页上查看这次运行的事件，并运行 gancheng doctor",
        "Look at its events on the web page, and run gancheng doctor",
    ),
    "alert_test": Message(
        "这是一条测试消息",
        "This is a test",
        "收到即可，无需处理",
        "Nothing is to be done",
    ),
    "alerts_unconfigured": Message(
        "没有配置告警渠道",
        "No channel for alerts is configured",
        "请在环境变量中写明：{expected}；见 docs/operations.md",
        "Name one in the environment: {expected}; see docs/operations.md",
    ),
    "alerts_unreadable": Message(
        "{found} 所指的文件不能读取",
        "The file that {found} names cannot be read",
        "请检查路径和权限；须为 UTF-8 文本，每行一个渠道",
        "Check its path and permissions; it is UTF-8 text with a channel a line",
    ),
    "alert_undelivered": Message(
        "以下渠道没有送达（按配置中的次序）：{found}",
        "These channels did not deliver (counted as they are configured): {found}",
        "请检查渠道地址和网络；地址含有密钥，因此不显示",
        "Check their addresses and the network; an address holds a secret and is not shown",
    ),
    # --- the call is wrong --------------------------------------------------------------------------------------
    "run_in_progress": Message(
        "另一个运行正在进行：{found}",
        "Another run is in progress: {found}",
        "请等它结束后再运行",
        "Run again when it has ended",
    ),
    "no_release": Message(
        "还没有任何发布",
        "There is no release yet",
        "请先运行 gancheng run",
        "Run: gancheng run",
    ),
    "no_such_city": Message(
        "没有城市“{found}”",
        "There is no city “{found}”",
        "可选：{expected}",
        "Choose from: {expected}",
    ),
    "no_such_release": Message(
        "没有唯一的发布“{found}”",
        "There is not exactly one release “{found}”",
        "可选：current、previous 或 {expected}",
        "Choose current, previous, or one of: {expected}",
    ),
    "release_without_report": Message(
        "发布 {found} 没有网页报告",
        "Release {found} has no pages",
        "它由较早的版本制作；请运行 gancheng run，或选较新的发布",
        "It was made by an older version; run gancheng run, or name a newer release",
    ),
    "table_without_column": Message(
        "表“{found}”没有列“{expected}”，不能按它分开",
        "Table “{found}” has no column “{expected}” to be parted by",
        "请用 --table 选有此列的表，或换一列",
        "Choose a table that has it with --table, or another column",
    ),
    "no_previous_release": Message(
        "发布 {found} 之前没有可比的发布",
        "There is no release before {found}",
        "有第二次发布之后才能比较；也可写明两个发布",
        "Compare once there is a second release, or name two",
    ),
    "whatif_unreadable": Message(
        "看不懂的假设“{found}”",
        "The assumption “{found}” cannot be read",
        "可写：{expected}",
        "Write one of: {expected}",
    ),
    "whatif_unknown": Message(
        "假设中的“{found}”没有登记",
        "“{found}” of the assumption is not registered",
        "最接近的是：{expected}",
        "The nearest are: {expected}",
    ),
    "whatif_value": Message(
        "假设的数值不可能：{found}",
        "The assumed value is not possible: {found}",
        "应满足：{expected}",
        "It must hold that: {expected}",
    ),
    "whatif_nothing": Message(
        "须写一个城市，或至少一个 --set，二者取一",
        "Either a city or at least one --set is wanted, and not both",
        "例如 {expected}",
        "For example {expected}",
    ),
    "no_such_file": Message(
        "没有文件“{found}”",
        "There is no file “{found}”",
        "请写出要检查的文件的路径",
        "Name the file to be checked by its path",
    ),
    "no_such_dataset": Message(
        "没有数据集“{found}”",
        "There is no dataset “{found}”",
        "可选：{expected}",
        "Choose from: {expected}",
    ),
    "dataset_ambiguous": Message(
        "“{found}”的表头同时符合几个数据集",
        "The headers of “{found}” fit several datasets",
        "请用 --dataset 指明其中一个：{expected}",
        "Say which with --dataset: {expected}",
    ),
    "no_such_indicator": Message(
        "没有唯一的指标或维度“{found}”",
        "There is not exactly one indicator or dimension “{found}”",
        "最接近的：{expected}",
        "The nearest: {expected}",
    ),
    "query_failed": Message(
        "查询失败：{found}",
        "The query failed: {found}",
        '请检查 SQL；可用的表：gancheng query "from duckdb_tables()"',
        'Check the SQL; the tables: gancheng query "from duckdb_tables()"',
    ),
    "folder_unwritable": Message(
        "不能写入：{found}",
        "Cannot write: {found}",
        "请检查该目录的权限和空间",
        "Check the folder's permissions and the space left",
    ),
    "release_file_missing": Message(
        "发布中缺少此文件",
        "A file of the release is missing",
        "请从备份恢复，或改用另一个发布：gancheng releases",
        "Restore it from a backup, or use another release: gancheng releases",
    ),
    "release_file_changed": Message(
        "此文件的内容与清单不符",
        "The file has other bytes than the manifest says",
        "请从备份恢复，或改用另一个发布：gancheng releases",
        "Restore it from a backup, or use another release: gancheng releases",
    ),
    "release_file_unlisted": Message(
        "清单中没有此文件",
        "The manifest does not list this file",
        "请移走；发布目录中只放清单所列的文件",
        "Take it away; a release holds what its manifest lists and nothing else",
    ),
    "release_digest_wrong": Message(
        "清单的内容摘要与所列文件不符",
        "The content digest is not that of the files listed",
        "清单被改动过；请从备份恢复",
        "The manifest was changed; restore it from a backup",
    ),
    "manifest_unreadable": Message(
        "发布没有可读的清单",
        "The release has no manifest that can be read",
        "请从备份恢复，或改用另一个发布：gancheng releases",
        "Restore it from a backup, or use another release: gancheng releases",
    ),
    "candidate_kept": Message(
        "候选发布有 {found} 项检查未通过，没有发布，留存待查",
        "The candidate failed {found} checks; it is not released, and kept for a look",
        "查看：gancheng candidate；更正数据后再运行",
        "Look at it with: gancheng candidate; mend the data and run again",
    ),
    "approval_unreadable": Message(
        "放行记录无法读取：{found}",
        "The approval cannot be read: {found}",
        "写法见 {expected}；不再需要的请删除该文件",
        "How one is written is in {expected}; take the file away where it is no longer wanted",
    ),
    "approval_without_reason": Message(
        "放行必须写明理由",
        "An approval needs its reason",
        "请用 --reason 写明凭什么放行",
        "Say with --reason what it rests on",
    ),
    "no_such_flag": Message(
        "没有唯一对应“{found}”的存疑数字",
        "No single flag is called “{found}”",
        '相近的编号：{expected}；全部编号：gancheng query "select flag_id, * from quality.flags"',
        'Near it: {expected}; all of them: gancheng query "select flag_id, * from quality.flags"',
    ),
    "flag_approved": Message(
        "“{found}”已经放行",
        "“{found}” is approved already",
        "由 {expected} 放行，不必再做；撤销：删除 data/approvals 中的记录",
        "By {expected}, and nothing is to be done; to take it back, delete its record in data/approvals",
    ),
    "operations_unreadable": Message(
        "运行设置无法读取：{found}",
        "The settings of operations cannot be read: {found}",
        "写法见 {expected}；不写的取默认值",
        "How they are written is in {expected}; what is left out has its default",
    ),
    "engine_unreadable": Message(
        "计算引擎的设置无法读取：{found}",
        "The settings of the engine cannot be read: {found}",
        "写法见 {expected}",
        "How they are written is in {expected}",
    ),
    "engine_not_installed": Message(
        "Spark 的客户端没有安装：{found}",
        "The client of Spark is not installed: {found}",
        "请运行 {expected}，或把 engine 改回 duckdb",
        "Run {expected}, or set engine back to duckdb",
    ),
    "engine_unreachable": Message(
        "Spark 没有应答：{found}",
        "Spark does not answer: {found}",
        "请启动 Spark Connect 服务或检查地址（{expected}），再运行；现行发布保持不变",
        "Start the Spark Connect server or check its address ({expected}), and run again; "
        "the current release stays as it is",
    ),
    "store_unreadable": Message(
        "共享存储的设置无法读取：{found}",
        "The settings of the shared store cannot be read: {found}",
        "写法见 {expected}",
        "How they are written is in {expected}",
    ),
    "store_not_installed": Message(
        "缺少访问共享存储所需的程序包：{found}",
        "The package that reads the shared store is not installed: {found}",
        "请安装该存储的 fsspec 程序包（S3 为 {expected}），再运行",
        "Install the fsspec package of that storage ({expected} for S3), and run again",
    ),
    "store_unreachable": Message(
        "共享存储没有应答：{found}",
        "The shared store does not answer: {found}",
        "请检查网络、地址和环境中的设置（{expected}），再运行；现行发布和已收到的文件完好",
        "Check the network, the address and the settings in the environment ({expected}), and run again; the current "
        "release and all that arrived are whole",
    ),
    "store_denied": Message(
        "没有访问共享存储的权限：{found}",
        "The shared store lets us not in: {found}",
        "请在环境中给出有读写权限的凭据（{expected}），再运行；现行发布和已收到的文件完好",
        "Give credentials that may read and write in the environment ({expected}), and run again; the current release "
        "and all that arrived are whole",
    ),
    "store_damaged": Message(
        "共享存储中的对象缺失或损坏，没有读取：{found}",
        "An object of the shared store is gone or damaged, and was not read: {found}",
        "请从备份恢复它；没有备份时，删除它和回执 {expected}，在存有此文件的机器上运行 gancheng run",
        "Restore it from a backup; without one, take it and the receipt {expected} away, and run gancheng run on a "
        "machine that has the file",
    ),
    "store_seen_otherwise": Message(
        "集群在共享存储中看到的行与本机收到的不同：{found}",
        "The cluster sees other rows in the shared store than were taken in: {found}",
        "请检查 storage.yml 中的 seen_as 是否指同一处（{expected}），或删去它，再运行；现行发布保持不变",
        "Check that seen_as in storage.yml names the same place ({expected}), or leave it out, and run again; the "
        "current release stays as it is",
    ),
    "storage_unreachable": Message(
        "Dagster 的存储没有应答：{found}",
        "The storage of Dagster does not answer: {found}",
        "请启动数据库或检查 {expected}，再运行；现行发布保持不变",
        "Start the database or check {expected}, and run again; the current release stays as it is",
    ),
    "serving_already": Message(
        "此数据目录已有服务在运行：{found}",
        "This data directory is served already: {found}",
        "先停止它：向该进程发送 SIGTERM，或 systemctl stop gancheng",
        "Stop it first: SIGTERM to that process, or systemctl stop gancheng",
    ),
    "port_taken": Message(
        "端口 {found} 已被占用",
        "Port {found} is taken",
        "请用 --port 另选一个",
        "Choose another with --port",
    ),
    "no_such_table": Message(
        "现行发布中没有表“{found}”",
        "The release has no table “{found}”",
        "最接近的是：{expected}",
        "The nearest are: {expected}",
    ),
    "table_without_cities": Message(
        "表“{found}”不分城市",
        "The table “{found}” does not tell of cities",
        "请去掉 --city，或另选一张表",
        "Leave out --city, or choose another table",
    ),
    "no_data_directory": Message(
        "数据目录不完整：{found}",
        "The data directory is not complete: {found}",
        "GANCHENG_DATA_DIR 须指向含有 {expected} 的目录",
        "GANCHENG_DATA_DIR must name a directory with {expected}",
    ),
}


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault: what was found, where, and what was expected. `code` is a key of CATALOGUE."""

    code: str
    found: str = ""
    expected: str = ""
    file: str | None = None
    line: int | None = None
    column: str | None = None
    sheet: str | None = None

    def reason(self, language: Language) -> str:
        message = MESSAGES[self.code]
        return self._filled(message.reason_zh if language == "zh" else message.reason_en)

    def remedy(self, language: Language) -> str:
        message = MESSAGES[self.code]
        return self._filled(message.remedy_zh if language == "zh" else message.remedy_en)

    def where(self, language: Language) -> str:
        words = ("工作表 {}", "第 {} 行", "列 {}") if language == "zh" else ("sheet {}", "line {}", "column {}")
        places = (self.sheet, self.line, self.column)
        parts = [self.file, *(word.format(place) for word, place in zip(words, places, strict=True) if place)]
        return ", ".join(part for part in parts if part)

    def _filled(self, template: str) -> str:
        return template.replace("{expected}", self.expected).replace("{found}", self.found)


class DataError(Exception):
    """The data must be mended by a person before the run can go on; the current release stays as it is."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(f"{f.where('en')}: {f.reason('en')}. {f.remedy('en')}" for f in self.issues))


class UsageError(Exception):
    """The command was called for something that cannot be had, such as a city that does not exist."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        super().__init__(f"{issue.reason('en')}. {issue.remedy('en')}")
