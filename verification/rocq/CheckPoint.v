(* Certificates of kind "point": weights whose loss is below that of every DNC configuration of the same problem. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Targets Pointwise Structure Wider Better LowerBound Integer Factors Fraction.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

(* A lower bound of the loss of DNC at x = K Lambda, given by one rational b (LowerBound.v); root says g(b) <= x. *)
Definition tau p (b : frac) : frac := fpow b p.
Definition slope p (b : frac) : frac := fmul (fpow b (p - 2)) (fsub (fnat 1) (tau p b)).
Definition low_point p (b : frac) : bool :=
  [&& fpos b, fle (tau p b) (fnat 1) & fle (fnat (p - 2)) (fmul (fnat (p - 1)) (tau p b))].
Definition low_value p (b : frac) : frac :=
  fmul half (fadd (fpow (fsub (fnat 1) (tau p b)) 2) (fmul (fnat p) (fmul (tau p b) (fsub (fnat 1) (tau p b))))).

(* |Z - I|^2 / (2 K), and |x|^2 of a layer *)
Definition misfit_frac K (f : factors) : frac :=
  let den := denominator f in
  (zsq (zless K (zoutput K f) den), Z.mul (Z.mul (Zpos (xO xH)) (Z.of_nat K)) (Z.mul den den)).
Definition norm_frac (x : layer) : frac := (zsq x.2, Z.mul x.1 x.1).
Definition layers (f : factors) : seq layer := first f :: rcons (middle f) (final f).

(* K, n, the strengths of H_1, W_1, ..., W_L, the weights, and b *)
Record point := Point { pK : nat; pn : nat; plam : seq frac; pfactors : factors; pb : frac }.
Definition loss_frac (c : point) : frac :=
  let: Point K n lam f _ := c in
  let lam := if lam is l0 :: ls then fmul (fnat n) l0 :: ls else [::] in
  fadd (misfit_frac K f) (fmul half (fsum [seq fmul x.1 (norm_frac x.2) | x <- zip lam (layers f)])).
Definition check_point (c : point) : bool :=
  let: Point K n lam f b := c in
  let p := (size (middle f)).+2 in
  [&& [&& (0 < K)%N, (0 < n)%N, (0 < size (middle f))%N, size lam == p & all fpos lam], fits K f, low_point p b,
      fle (fpow (slope p b) p) (fmul (fpow (fnat K) p) (fmul (fnat n) (fprod lam))) &
      flt (loss_frac c) (low_value p b)].

Local Open Scope ring_scope.

Section Low.
Variables (R : rcfType) (m : nat) (b : frac).
Hypothesis ok : low_point m.+2 b.
Lemma tau_R : fok R (tau m.+2 b) /\ fR R (tau m.+2 b) = fR R b ^+ m.+2.
Proof. by case/and3P: ok => /(fpos_R R) [_ bk] _ _; split; [apply: fok_pow | rewrite fR_pow]. Qed.
Lemma gap_R : fok R (fsub (fnat 1) (tau m.+2 b)) /\ fR R (fsub (fnat 1) (tau m.+2 b)) = 1 - fR R b ^+ m.+2.
Proof.
by have [tk <-] := tau_R; split; [apply: fok_sub => //; apply: fok_nat | rewrite fR_sub ?fR_nat //; apply: fok_nat].
Qed.
Lemma low_facts : [/\ 0 < fR R b, fR R b ^+ m.+2 <= 1 & m%:R <= m.+1%:R * fR R b ^+ m.+2].
Proof.
have [tk te] := tau_R; case/and3P: ok => /(fpos_R R) [bp _] h1 h2; split=> //.
  by move: (fle_R tk (fok_nat R 1) h1); rewrite te fR_nat.
have := fle_R (fok_nat R _) (fok_mul (fok_nat R _) tk) h2.
by rewrite fR_mul !fR_nat te subn2 subn1.
Qed.
Lemma slope_R : fok R (slope m.+2 b) /\ fR R (slope m.+2 b) = fR R b ^+ m * (1 - fR R b ^+ m.+2).
Proof.
have [gk <-] := gap_R; case/and3P: ok => /(fpos_R R) [_ bk] _ _.
split; first by apply: fok_mul => //; apply: fok_pow.
by rewrite fR_mul fR_pow subn2.
Qed.
Lemma low_value_R : fok R (low_value m.+2 b) /\
  fR R (low_value m.+2 b) = (1 - fR R b ^+ m.+2) ^+ 2 / 2 + m.+2%:R * (fR R b ^+ m.+2 * (1 - fR R b ^+ m.+2)) / 2.
Proof.
have [gk ge] := gap_R; have [tk te] := tau_R.
have k1 : fok R (fpow (fsub (fnat 1) (tau m.+2 b)) 2) by apply: fok_pow.
have k2 : fok R (fmul (fnat m.+2) (fmul (tau m.+2 b) (fsub (fnat 1) (tau m.+2 b)))).
  by do 2?[apply: fok_mul => //]; apply: fok_nat.
split; first by apply: fok_mul; [apply: fok_half | apply: fok_add].
by rewrite fR_mul fR_half (fR_add k1 k2) fR_pow !fR_mul fR_nat ge te; field.
Qed.
Lemma low_value_le x s : 0 <= s -> fR R (slope m.+2 b) <= x -> fR R (low_value m.+2 b) <= dnc_curve m.+2 x s.
Proof.
have [bp b1 bm] := low_facts; have [_ ->] := slope_R; have [_ ->] := low_value_R => s0 gx.
exact: curve_ge.
Qed.
Lemma low_value_half : fR R (low_value m.+2 b) <= 1 / 2.
Proof.
have := low_value_le (lexx 0) (lexx _); rewrite /dnc_curve !expr0n /= mulr0 mul0r addr0 subr0 expr1n.
exact.
Qed.
End Low.

Lemma norm_ok (R : rcfType) (x : layer) : 0 < zR R x.1 -> fok R (norm_frac x).
Proof. by move=> xp; rewrite /fok /= zRM mulr_gt0. Qed.
Lemma norm_fracE (R : rcfType) (x : layer) : fR R (norm_frac x) = zR R (zsq x.2) / zR R x.1 ^+ 2.
Proof. by rewrite /fR /= zRM expr2. Qed.
Lemma fsum_zip (R : rcfType) (ls : seq frac) (ts : seq layer) m : size ls = m -> size ts = m ->
  (forall l, (l < m)%N -> fok R (nth (fnat 1) ls l)) -> (forall l, (l < m)%N -> 0 < zR R (nth nolayer ts l).1) ->
  let s := fsum [seq fmul x.1 (norm_frac x.2) | x <- zip ls ts] in
  fok R s /\ fR R s = \sum_(l < m) fR R (nth (fnat 1) ls l) * fR R (norm_frac (nth nolayer ts l)).
Proof.
move=> sl st lk tk s; have sz : size (zip ls ts) = m by rewrite size_zip sl st minnn.
have [|sk ->] := @fsumP R [seq fmul x.1 (norm_frac x.2) | x <- zip ls ts]; last split=> //.
  move=> x /(nthP (fnat 1)) [i]; rewrite size_map sz => im <-.
  rewrite (nth_map (fnat 1, nolayer)) ?sz // nth_zip ?sl ?st //.
  by apply: fok_mul; [apply: lk | apply: norm_ok; apply: tk].
rewrite big_map (big_nth (fnat 1, nolayer)) big_mkord sz; apply: eq_bigr => l _.
by rewrite nth_zip ?sl ?st // fR_mul.
Qed.

Section Weights.
Variables (R : rcfType) (K : nat) (f : factors).
Hypotheses (ok : fits K f) (Kp : (0 < K)%N).
Notation sq := (@sqnorm R _ _).
Notation w := (width f).
Notation D := (size (middle f)).
Definition misfit : R := (2 * K%:R)^-1 * sq (fV R K f *m feature (d := fun=> w) (fW R f) (fX R K f) D - 1%:M).
Lemma misfit_fracE : fok R (misfit_frac K f) /\ fR R (misfit_frac K f) = misfit.
Proof.
have denp := den_gt0 R ok; have Kr : 0 < K%:R :> R by rewrite ltr0n.
have two : zR R (Zpos (xO xH)) = 2 by [].
rewrite /misfit output_over // /misfit_frac /fok /fR /fst /snd.
move: (denominator f) denp => den denp.
rewrite !zRM zR_nat two; split; first by rewrite !mulr_gt0 ?ltr0n.
rewrite -zless_sq; set out := mxc _ _ _ _.
have -> : (zR R den)^-1 *: out - 1%:M = (zR R den)^-1 *: (out - (zR R den)%:M).
  by rewrite scalerBr scale_scalar_mx mulVf ?gt_eqF.
by rewrite sqZ; move: (sqnorm _) => x; field; rewrite !gt_eqF.
Qed.
End Weights.

(* the loss of weights whose n samples a class are copies of one *)
Section Copied.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (lam : nat -> R).
Notation sq := (@sqnorm R _ _).
Variables (X : 'M[R]_(d 0%N, K)) (W : forall l, 'M[R]_(d l.+1, d l)) (V : 'M[R]_(K, d L.-1)).
Definition copied : weights R K L n d := Weights (X *m Y R K n) W V.
Lemma copied_loss : (0 < K)%N -> (0 < n)%N -> loss lam copied = (2 * K%:R)^-1 * sq (V *m feature W X L.-1 - 1%:M) +
  n%:R * lam 0%N / 2 * sq X + \sum_(l < L.-1) lam l.+1 / 2 * sq (W l) + lam L / 2 * sq V.
Proof.
move=> Kp np; rewrite /loss /output /= feature_mulY mulmxA -{2}[Y R K n]mul1mx -mulmxBl !sqY natrM.
have Kr : 0 < K%:R :> R by rewrite ltr0n.
have nr : 0 < n%:R :> R by rewrite ltr0n.
move: (sq (_ - _)) => x; congr (_ + _ + _ + _); first by field; rewrite !gt_eqF.
by field.
Qed.
End Copied.

Section Sound.
Variables (R : rcfType) (c : point).
Hypothesis ok : check_point c.
Local Notation K := (pK c).
Local Notation n := (pn c).
Local Notation f := (pfactors c).
Local Notation D := (size (middle f)).
Definition point_lam l : R := fR R (nth (fnat 1) (plam c) l).

Let facts : [/\ (0 < K)%N, (0 < n)%N, (0 < D)%N, size (plam c) = D.+2 & all fpos (plam c)] /\ fits K f.
Proof. by move: ok; case: c => K1 n1 lam f1 b /=; case/and5P => /and5P [? ? ? /eqP ? ?] ? _ _ _. Qed.
Let lowok : low_point D.+2 (pb c).
Proof. by move: ok; case: c => K1 n1 lam f1 b /=; case/and5P. Qed.

Lemma point_lam_gt0 l : (l <= D.+1)%N -> 0 < point_lam l.
Proof.
have [[_ _ _ s /allP h] _] := facts => lD.
by have [] := fpos_R R (h _ (mem_nth (fnat 1) (_ : l < size (plam c))%N)); rewrite ?s.
Qed.

Definition witness : weights R K D.+1 n (fun=> width f) :=
  @copied R K D.+1 n (fun=> width f) (fX R K f) (fW R f) (fV R K f).
Lemma witness_loss : fok R (loss_frac c) /\ fR R (loss_frac c) = loss point_lam witness.
Proof.
have [[Kp np Dp sl pl] fit] := facts; rewrite copied_loss //.
have [d1 d2 d3] := dens R fit.
have [mk me] := misfit_fracE R fit Kp; rewrite -/(misfit R K f) -me.
move: sl pl (point_lam_gt0); rewrite /point_lam; move: mk; clear me ok lowok.
case: c fit Kp np Dp d1 d2 d3 => K1 n1 [|l0 ls] f1 b //= fit Kp np Dp d1 d2 d3 mk [sl] /andP [pl0 pls] lp.
have [l0p l0k] := fpos_R R pl0.
pose s := fsum [seq fmul x.1 (norm_frac x.2) | x <- zip (fmul (fnat n1) l0 :: ls) (layers f1)].
rewrite -[fadd (fmul _ _) (fsum _)]/s; suff [sk se] : fok R s /\ fR R s = n1%:R * fR R l0 * sqnorm (fX R K1 f1) +
    (\sum_(l < size (middle f1)) fR R (nth (fnat 1) ls l) * sqnorm (fW R f1 l)) +
    fR R (nth (fnat 1) ls (size (middle f1))) * sqnorm (fV R K1 f1).
  have hk := fok_mul (fok_half R) sk; split; first exact: fok_add mk hk.
  rewrite (fR_add mk hk).
  rewrite fR_mul fR_half se.
  have -> : \sum_(l < size (middle f1)) fR R (nth (fnat 1) ls l) / 2 * sqnorm (fW R f1 l) =
      (\sum_(l < size (middle f1)) fR R (nth (fnat 1) ls l) * sqnorm (fW R f1 l)) / 2.
    by rewrite mulr_suml; apply: eq_bigr => l _; rewrite mulrAC.
  by move: (\sum_(l < _) _) => y; field.
have sz : size (layers f1) = (size (middle f1)).+2 by rewrite /= size_rcons.
have nk l : 0 < zR R (nth nolayer (layers f1) l).1.
  case: l => [|l] //=; rewrite nth_rcons; case: ltnP => h; first exact: d2.
  by case: eqP => _ //; rewrite ltr01.
have lk l : (l <= size (middle f1))%N -> fok R (nth (fnat 1) ls l).
  by move=> h; have [] := fpos_R R (allP pls _ (mem_nth (fnat 1) (_ : l < size ls)%N)); rewrite ?sl.
have [|l|l|sk ->] := @fsum_zip R (fmul (fnat n1) l0 :: ls) (layers f1) (size (middle f1)).+2 _ sz; first by rewrite /= sl.
- by case: l => [|l] lD; [apply: fok_mul => //; apply: fok_nat | apply: lk].
- by move=> _; apply: nk.
split=> //; rewrite big_ord_recl big_ord_recr /= fR_mul fR_nat !norm_fracE sq_fX // sq_fV // addrA.
congr (_ + _ + _).
- by apply: eq_bigr => l _; rewrite nth_rcons ltn_ord norm_fracE (sq_fW R fit).
- by rewrite nth_rcons ltnn eqxx.
Qed.

Theorem check_point_sound d (th : weights R K D.+1 n d) : (forall l, (l < D.+1)%N -> (width f <= d l)%N) -> is_dnc th ->
  ~ global_minimiser point_lam th.
Proof.
move=> wd dnc gm; have [[Kp np Dp sl pl] fit] := facts.
have [lk le] := witness_loss; have [vk ve] := low_value_R R lowok; have [gk ge] := slope_R R lowok.
have [bp b1 bm] := low_facts R lowok.
have small : fR R (loss_frac c) < fR R (low_value D.+2 (pb c)).
  by apply: flt_R => //; move: ok; case: c => ? ? ? ? ? /= /and5P [].
suff h : fR R (low_value D.+2 (pb c)) <= loss point_lam th.
  have := gm (wider d witness); rewrite wider_loss // -le.
  by move=> h2; have := lt_le_trans small (le_trans h h2); rewrite ltxx.
have [tp|t0] := ltrP 0 (scale th); last first.
  by apply: le_trans (low_value_half R lowok) _; apply: nonpos_scale => //; exact: point_lam_gt0.
have [s s0 st] := @root_exists R D.+2 _ isT (ltW tp).
have Kr : 0 < K%:R :> R by rewrite ltr0n.
have g0 : 0 <= fR R (slope D.+2 (pb c)) by rewrite ge mulr_ge0 ?exprn_ge0 ?(ltW bp) ?subr_ge0.
pose y := fR R (slope D.+2 (pb c)) / K%:R.
have yE : K%:R * y = fR R (slope D.+2 (pb c)) by rewrite mulrC divfK ?gt_eqF.
apply: le_trans (low_value_le lowok s0 (_ : _ <= K%:R * y)) _; first by rewrite yE.
apply: (@dnc_bound R K D.+1 n d Kp np isT point_lam th point_lam_gt0 y s) => //; first by rewrite divr_ge0 // ltW.
have hr : fle (fpow (slope D.+2 (pb c)) D.+2) (fmul (fpow (fnat K) D.+2) (fmul (fnat n) (fprod (plam c)))).
  by move: ok; case: c => ? ? ? ? ? /= /and5P [].
have [fk fe] := fprodP R pl.
have := fle_R (fok_pow _ gk) _ hr; rewrite !fR_mul !fR_pow !fR_nat fe => h.
rewrite /y expr_div_n ler_pdivr_mulr ?exprn_gt0 // mulrC; apply: le_trans (h _) _.
  by apply: fok_mul; [apply: fok_pow; apply: fok_nat | apply: fok_mul => //; apply: fok_nat].
apply: eqW; congr (_ * (_ * _)); rewrite (big_nth (fnat 1)) big_mkord sl big_ord_recl big_ord_recr /=.
by rewrite /point_lam mulrA.
Qed.
End Sound.
