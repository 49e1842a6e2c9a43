-- table: quality.flags
-- severity: warning
-- check: no_definition_flip
-- zh: 存疑（口径来回变动）：存量一再回到旧水平，疑为两种口径
-- en: Implausible (definition flips): the stock returns to a level that it had left; two definitions may share the name
-- check: no_duplicate_value
-- zh: 存疑（与他市相同）：数字与同年他市完全相同，且难以巧合
-- en: Implausible (another city's figure): the figure equals another city's of the same year and chance is unlikely
-- check: no_exchanged_columns
-- zh: 存疑（整列错位）：整列数字与本指标历年水平对不上，与另一指标的对得上
-- en: Implausible (exchanged columns): the figures fit the history of another indicator and not of their own
-- check: no_implausible_figure
-- zh: 存疑（最新数字不可信）：最新数字远超本市历年变动，同年各市也无此变动
-- en: Implausible (newest figure): beyond any usual change of its city, and the other cities did not move so
-- check: no_impossible_zero
-- zh: 存疑（不可能为零）：不可能为零的指标为零，疑为缺报
-- en: Implausible (zero that cannot be): the figure is zero where zero cannot be and may be missing
-- check: no_level_shift
-- zh: 存疑（跳变）：与本市历年变化相比变化过大
-- en: Implausible (jump): the change is far from those usual for the city
-- check: no_magnitude_outlier
-- zh: 存疑（数量级不符）：与本市相邻年份相差数倍
-- en: Implausible (order of magnitude): the figure is several times off the city's nearest years
-- check: no_misplaced_block
-- zh: 存疑（整块错位）：同一来源同一年的数字与各市自己的历年水平对不上，与他市的对得上
-- en: Implausible (misplaced block): the figures of a source and year fit other cities and not their own
-- check: no_part_exceeds_whole
-- zh: 存疑（部分大于整体）：各部分之和超过整体
-- en: Implausible (parts above their whole): the parts exceed their whole
-- check: no_ratio_mismatch
-- zh: 存疑（与分子分母不符）：比率不等于分子除以分母
-- en: Implausible (rate against its parts): the rate is not its numerator over its denominator
-- check: no_repeated_value
-- zh: 存疑（流量重复）：流量连续多年不变，疑为沿用旧数
-- en: Implausible (stale flow): the flow is the same for years and may be carried over
-- check: no_sequential_digits
-- zh: 存疑（疑似编造）：数字逐位递增、递减或全同
-- en: Implausible (invented digits): the digits run up or down or are all the same
-- check: no_spike
-- zh: 存疑（尖峰）：偏离前后两年水平
-- en: Implausible (spike): the figure leaves the level of the years before and after
-- check: no_sum_mismatch
-- zh: 存疑（与合计不符）：各市之和与全省合计不符
-- en: Implausible (sum against total): the cities do not add up to the total
-- check: no_total_above_plans
-- zh: 存疑（累计超过计划）：累计数超过同期各年计划之和，疑把计划数当作完成数
-- en: Implausible (total above its plans): the running total exceeds the sum of the yearly plans
-- check: no_unlikely_figure
-- zh: 存疑（最新数字不寻常）：最新数字远离本市历年水平或同年各市
-- en: Implausible (unlikely newest figure): the newest figure is far from the history of its city or from the others
select
    flag_id,
    indicator_id,
    city_code,
    province_code,
    year,
    scope,
    vintage,
    value_text,
    expected_text,
    file,
    line
from quality.flags
where concat('no_', detector) = '{check}' and not is_approved
